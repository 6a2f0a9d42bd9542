import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReleaseEvidence } from '@bellwether/agent/trust/release-evidence-disk';
import { type ReleaseEvidence, verifyFile, verifyRelease } from '@bellwether/agent/trust/release-verifier';
import type { RunnerTrust } from '@bellwether/agent/trust/runner-trust';
import { sha256 } from '@bellwether/shared/signing/digest';
import { refusalCode } from '../../support/refusal-code.js';
import { sampleRelease } from '../../support/sample-release.js';
import { SignedRepository } from '../../support/signed-repository.js';

const release = sampleRelease('digits', '1.0.0');
const manifestSha256 = sha256(release.manifest);

let folder: string;
let repository: SignedRepository;
let evidence: ReleaseEvidence;
let trust: RunnerTrust;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-verifier-'));
  repository = await SignedRepository.create(folder, ['digits', 'vad']);
  await repository.addRelease(release);
  await repository.publish('root');
  const bytes = (name: string) => repository.published.get(name) ?? new Uint8Array();
  evidence = {
    roots: [...repository.roots.values()],
    targets: bytes('targets'),
    staging: bytes('staging-digits'),
    production: bytes('production-digits'),
    manifest: release.manifest,
  };
  trust = {
    metadataFolder: folder,
    rootSha256: repository.rootSha256,
    rootVersion: 1,
    stage: 'production',
    allowDevelopment: false,
    floors: { root: 2, targets: 1, roles: { 'staging-digits': 2, 'production-digits': 2 } },
  };
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const expected = (changes: Partial<RunnerTrust> = {}) => ({
  trust: { ...trust, ...changes },
  model: 'digits',
  version: '1.0.0',
  manifestSha256,
});
const verdict = (changed: Partial<ReleaseEvidence>, asked = expected()) =>
  refusalCode(() => verifyRelease({ ...evidence, ...changed }, asked));

describe("the runner's verifier", () => {
  it('passes a release that both roles list', () => {
    expect(verifyRelease(evidence, expected())).toMatchObject({ model: 'digits', version: '1.0.0' });
  });

  it('passes a staged release on a staging device only', async () => {
    const staged = { production: undefined };
    expect(await verdict(staged, expected({ stage: 'staging' }))).toBe('passed');
    expect(await verdict(staged)).toBe('not-listed');
  });

  it('ignores expiry: a device without a network keeps serving', async () => {
    const expired = structuredClone(repository.leaf('staging-digits').signed);
    expired.expires = '2001-01-01T00:00:00Z';
    await repository.writeRole('staging-digits', { signed: expired, signers: [repository.keys.publisher] });
    expect(await verdict({ staging: repository.published.get('staging-digits') ?? new Uint8Array() })).toBe('passed');
  });

  it('begins with the pinned root and no other', async () => {
    expect(await verdict({}, expected({ rootSha256: '0'.repeat(64) }))).toBe('root-pin');
    expect(await verdict({}, expected({ rootVersion: 2 }))).toBe('root-pin');
    expect(await verdict({ roots: [] })).toBe('root-pin');
  });

  it('follows the roots without a gap', async () => {
    const [first = new Uint8Array()] = evidence.roots;
    expect(await verdict({ roots: [first, first] })).toBe('root-chain');
  });

  it.each([
    { root: 3, targets: 1, roles: {} },
    { root: 2, targets: 2, roles: {} },
    { root: 2, targets: 1, roles: { 'staging-digits': 3 } },
    { root: 2, targets: 1, roles: { 'production-digits': 3 } },
  ])('honours the floors %j', async (floors) => {
    expect(await verdict({}, expected({ floors }))).toBe('rollback');
  });

  it('refuses a flipped bit anywhere in what is signed', async () => {
    for (const name of ['targets', 'staging', 'production'] as const) {
      const text = Buffer.from(evidence[name] ?? new Uint8Array()).toString();
      const changed = Buffer.from(text.replace('"version":', '"version":1'));
      expect(await verdict({ [name]: changed })).toBe('signature');
    }
  });

  it('refuses a manifest of other bytes, or that another release has', async () => {
    const other = sampleRelease('digits', '1.0.0', 'sAmple').manifest;
    expect(await verdict({ manifest: other })).toBe('manifest');
    expect(await verdict({ manifest: Buffer.concat([release.manifest, Buffer.from(' ')]) })).toBe('manifest');
    expect(await verdict({}, { ...expected(), manifestSha256: sha256(other) })).toBe('not-listed');
  });

  it('refuses a manifest that is listed under another name than its own', async () => {
    const mislabelled = await SignedRepository.create(join(folder, 'mislabelled'), ['digits']);
    await mislabelled.addRelease({ ...release, version: '9.9.9' });
    const bytes = (name: string) => mislabelled.published.get(name) ?? new Uint8Array();
    const changed = {
      roots: [...mislabelled.roots.values()],
      targets: bytes('targets'),
      staging: bytes('staging-digits'),
      production: bytes('production-digits'),
    };
    const floors = { root: 1, targets: 1, roles: {} };
    const asked = { ...expected({ rootSha256: mislabelled.rootSha256, floors }), version: '9.9.9' };
    expect(await verdict(changed, asked)).toBe('manifest');
  });

  it('refuses a file that is altered, cut, extended or not named', async () => {
    const manifest = verifyRelease(evidence, expected());
    const [graph = new Uint8Array()] = release.files;
    const judge = (name: string, bytes: Uint8Array) => refusalCode(() => verifyFile(manifest, name, bytes));
    expect(await judge('model.onnx', graph)).toBe('passed');
    expect(
      await judge(
        'model.onnx',
        graph.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
      ),
    ).toBe('file');
    expect(await judge('model.onnx', graph.subarray(1))).toBe('file');
    expect(await judge('model.onnx', Buffer.concat([graph, Buffer.alloc(1)]))).toBe('file');
    expect(await judge('golden.json', graph)).toBe('file');
    expect(await judge('constructor', graph)).toBe('file');
  });

  it('says which file is missing on disk', async () => {
    await mkdir(join(folder, 'empty'));
    const read = () =>
      readReleaseEvidence({ ...trust, metadataFolder: join(folder, 'empty') }, 'digits', folder, manifestSha256);
    expect(await refusalCode(read)).toBe('missing');
  });
});
