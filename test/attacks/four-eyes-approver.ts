import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as approveModule from '@bellwether/control-plane/publisher/approve';
import { ServerConnection } from '@bellwether/control-plane/publisher/server-http';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Attack, AttackOutcome } from '../support/attack.js';
import { type Patch, patchProduct, worktree } from '../support/patched-product.js';
import { refusalCode } from '../support/refusal-code.js';
import { trustingTrial } from '../support/release-signers.js';
import { sampleRelease } from '../support/sample-release.js';
import { SignedRepository } from '../support/signed-repository.js';
import { startStaticServer } from '../support/static-server.js';

/** What the attackers, who hold the server, the director and a publisher's key, do to an approver. */
interface Deceit {
  /** Before the approver's tool fetches anything. */
  readonly before?: (repository: SignedRepository) => Promise<void>;
  /** While the approver runs what was fetched. */
  readonly meanwhile?: (repository: SignedRepository) => Promise<void>;
}

interface ApproverAttack extends Pick<Attack, 'id' | 'row' | 'code' | 'control'> {
  readonly deceit: Deceit;
  readonly patch: Patch;
}

const id = { model: 'digits', version: '1.0.0' };
const evil = sampleRelease(id.model, id.version, 'evil');
const harmless = sampleRelease(id.model, id.version, 'kind');

/** What the server hands out under the digest of other bytes. */
async function handOut({ folder }: SignedRepository, instead: Uint8Array, bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, 'blobs', 'sha256', sha256(instead)), bytes);
}

/** A server whose owner keeps the roles that they are sent, and checks nothing: a signature is all they want. */
class KeepingServer extends ServerConnection {
  readonly kept: Uint8Array[] = [];

  override async publishRole(_role: string, metadata: Uint8Array): Promise<void> {
    this.kept.push(metadata);
  }
}

/** An approver with the product's own tool, or with one that has lost a guard. */
async function approve({ deceit, patch }: ApproverAttack, isGuarded: boolean): Promise<AttackOutcome> {
  const product = isGuarded ? undefined : await patchProduct(patch);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-approver-'));
  const repository = await SignedRepository.create(join(folder, 'plane'), ['digits']);
  const plane = await startStaticServer(repository.folder);
  try {
    await repository.addRelease({ ...evil, production: false });
    await deceit.before?.(repository);
    const trustedFile = join(folder, 'trusted.json');
    const root = await readFile(repository.rootFile);
    const trusted = openTrustedRepository({ serverUrl: plane.url, root, trustedFile });
    const listed = async () => JSON.stringify((await trusted.roles('digits')).production.file.signed);
    const servedBefore = await listed();
    const before = sha256(await readFile(trustedFile));

    const { publicKey, seed } = repository.keys.approver;
    const server = new KeepingServer(plane.url, undefined);
    const approver = {
      key: { version: 1, use: 'approver', public: publicKey, seed } as const,
      repository: trusted,
      server,
      nowMs: Date.now(),
      trial: async (...shown: Parameters<typeof trustingTrial>) => {
        await deceit.meanwhile?.(repository);
        return trustingTrial(...shown);
      },
    };
    const dist = product?.serverDist ?? join(worktree, 'control-plane', 'dist');
    const tool = (await import(pathToFileURL(join(dist, 'publisher/approve.js')).href)) as typeof approveModule;
    const refusal = await refusalCode(() => tool.approveRelease(id, approver, () => {}));
    const code = refusal !== 'passed' && server.kept.length > 0 ? `signed, then ${refusal}` : refusal;
    // What is staged anew is genuine, and the tool has seen it.
    const diskUnchanged = deceit.meanwhile !== undefined || before === sha256(await readFile(trustedFile));
    return { code, servedBefore, servedAfter: await listed(), diskUnchanged };
  } finally {
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
    await product?.remove();
  }
}

const attacksOnApprovers: readonly ApproverAttack[] = [
  {
    id: 'four-eyes-shown-other-manifest',
    row: 'has the server show the approver the manifest of a harmless release under the digest of the one that is staged',
    code: 'manifest-digest',
    control: 'the digest of the manifest that is looked at (fetchManifest, control-plane/publisher/approve.ts)',
    deceit: {
      before: async (repository) => {
        await handOut(repository, evil.manifest, harmless.manifest);
        for (const bytes of harmless.files) await repository.putBlob(bytes);
      },
    },
    patch: {
      module: 'control-plane/publisher/approve',
      guard: 'if (digest !== target.hashes.sha256)',
      permissive: 'if (false)',
    },
  },
  {
    id: 'four-eyes-shown-other-file',
    row: 'has the server hand the approver a harmless model to run, and devices the one that is signed',
    code: 'blob-digest',
    control: 'the digests of the files that are run (fetchFile, control-plane/publisher/approve.ts)',
    deceit: {
      before: async (repository) => {
        for (const [i, bytes] of evil.files.entries()) await handOut(repository, bytes, harmless.files[i] ?? bytes);
      },
    },
    patch: {
      module: 'control-plane/publisher/approve',
      guard: 'if (digest !== file.sha256 || doneBytes !== file.bytes)',
      permissive: 'if (false)',
    },
  },
  {
    id: 'four-eyes-changed-meanwhile',
    row: 'stages other bytes under the same version while the approver runs the first ones, whose approval then stands beside them',
    code: 'release-changed',
    control:
      'staging still lists what was run, looked at before each signature (stillStaged, control-plane/publisher/approve.ts)',
    deceit: { meanwhile: (repository) => repository.addRelease({ ...harmless, production: false }) },
    patch: {
      module: 'control-plane/publisher/approve',
      guard: 'isSameFile(stagedTarget(staging, id), target)',
      permissive: 'true',
    },
  },
];

/** Attacks that show an approver something else than what his key signs [T-13]. */
export const attacks: readonly Attack[] = attacksOnApprovers.map((spec) => ({
  id: spec.id,
  row: spec.row,
  attacker: 'director + publisher',
  code: spec.code,
  control: spec.control,
  run: (isGuarded) => approve(spec, isGuarded),
}));
