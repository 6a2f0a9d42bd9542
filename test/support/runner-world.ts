import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runner } from '@bellwether/agent/inference/engine';
import { ProcessEngine, type ProcessEngineParts } from '@bellwether/agent/inference/engine-process';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import type { RunnerTrust } from '@bellwether/agent/trust/runner-trust';
import { systemClock } from '@bellwether/shared/clock';
import { familyOf } from '@bellwether/shared/ids';
import { silentLog } from '@bellwether/shared/log';
import { type Manifest, namedFiles } from '@bellwether/shared/models/manifest';
import { checkReleaseSource, manifestOf } from '@bellwether/shared/models/release-source';
import { sha256 } from '@bellwether/shared/signing/digest';
import { parse } from '@bellwether/shared/yaml';
import { type ReleaseFixture, writeReleaseFolder } from './release-folder.js';
import { SignedRepository } from './signed-repository.js';

/** A device's disk as a runner sees it, verified metadata and blobs, with releases that are really signed. */
export class RunnerWorld {
  readonly folder: string;
  readonly repository: SignedRepository;
  readonly #engines: ProcessEngine[] = [];
  readonly #runners: Runner[] = [];

  private constructor(folder: string, repository: SignedRepository) {
    this.folder = folder;
    this.repository = repository;
  }

  /** `families`: of the models that will be added. */
  static async create(...families: readonly string[]): Promise<RunnerWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-runner-'));
    return new RunnerWorld(folder, await SignedRepository.create(join(folder, 'plane'), families));
  }

  get metadataFolder(): string {
    return join(this.folder, 'metadata');
  }

  get blobFolder(): string {
    return join(this.repository.folder, 'blobs', 'sha256');
  }

  get trust(): RunnerTrust {
    return {
      metadataFolder: this.metadataFolder,
      rootSha256: this.repository.rootSha256,
      rootVersion: 1,
      stage: 'production',
      allowDevelopment: false,
      floors: { root: 1, targets: 1, roles: {} },
    };
  }

  /** Signs, lists and stores the release that lies in a folder, as admission would have left it. */
  async add(releaseFolder: string): Promise<VerifiedModel> {
    const source = checkReleaseSource(parse(String(await readFile(join(releaseFolder, 'release.yaml')))));
    const files: Manifest['files'] = {};
    const blobs: Buffer[] = [];
    for (const name of namedFiles(source)) {
      const bytes = await readFile(join(releaseFolder, name));
      files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
      blobs.push(bytes);
    }
    const manifest = manifestOf(source, files);
    const bytes = Buffer.from(JSON.stringify(manifest));
    await this.repository.addRelease({ ...manifest, manifest: bytes, files: blobs });
    await this.#writeMetadata(familyOf(manifest.model));
    return { manifest, manifestSha256: sha256(bytes), blobFolder: this.blobFolder } as VerifiedModel;
  }

  /** Makes a release folder of a fixture and adds it. */
  async addFixture(fixture: ReleaseFixture): Promise<VerifiedModel> {
    const folder = join(this.folder, 'releases', `${fixture.model}-${fixture.version}`);
    return this.add(await writeReleaseFolder(folder, fixture));
  }

  engine(parts: Partial<ProcessEngineParts> = {}): ProcessEngine {
    const engine = new ProcessEngine({
      clock: systemClock,
      log: silentLog,
      nodePath: process.execPath,
      loadLimitMs: 20_000,
      stopGraceMs: 2_000,
      spare: false,
      ...parts,
    });
    this.#engines.push(engine);
    return engine;
  }

  /** A runner that serves the model. */
  async start(model: VerifiedModel, parts: Partial<ProcessEngineParts> = {}): Promise<Runner> {
    const runner = await this.engine(parts).start(model, this.trust, new AbortController().signal);
    this.#runners.push(runner);
    return runner;
  }

  /** Stops everything that was started here. */
  async remove(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop()));
    await Promise.all(this.#engines.map((engine) => engine.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #writeMetadata(family: string): Promise<void> {
    const { roots, published } = this.repository;
    await mkdir(this.metadataFolder, { recursive: true });
    for (const [version, bytes] of roots) await this.#writeMetadataFile(`${version}.root.json`, bytes);
    for (const role of ['targets', `staging-${family}`, `production-${family}`]) {
      await this.#writeMetadataFile(`${role}.json`, published.get(role) ?? new Uint8Array());
    }
  }

  async #writeMetadataFile(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(join(this.metadataFolder, name), bytes);
  }
}

/** A runner's main without the verifier and without the check of the graph: for what must not get so far in the product. */
export const uncheckedRunner = new URL('./unchecked-runner.js', import.meta.url);
