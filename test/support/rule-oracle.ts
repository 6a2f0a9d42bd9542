import { createHash } from 'node:crypto';
import { signEd25519 } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';

/**
 * A small model of who may say what, written apart from the product: no code of its verifiers, no cryptography. Whoever
 * signs in a test writes it into the ledger; a signature that the ledger does not know is none. Every rule answers with
 * what is broken, in a few words, or undefined.
 */

/** Parsed JSON that nobody has checked. */
export interface Loose {
  readonly [field: string]: Loose;
}

/** Every signature that was made, by its hex digits. */
export class SigningLedger {
  readonly #made = new Map<string, { readonly signer: string; readonly message: string }>();
  readonly #files = new Set<string>();

  /** Signs, and remembers who signed what. Returns hex digits. */
  sign(key: KeyPair, message: Uint8Array): string {
    const signature = Buffer.from(signEd25519(key.seed, message)).toString('hex');
    this.#made.set(signature, { signer: key.publicKey, message: digestOf(message) });
    return signature;
  }

  /** Remembers a file as its signer wrote it. */
  noteFile(bytes: Uint8Array): void {
    this.#files.add(digestOf(bytes));
  }

  /** False: somebody else wrote these bytes, whatever they say. */
  wrote(bytes: Uint8Array): boolean {
    return this.#files.has(digestOf(bytes));
  }

  /** The public keys whose signatures (hex) over the message are among these. */
  signersOf(message: Uint8Array, signatures: readonly unknown[]): ReadonlySet<string> {
    const wanted = digestOf(message);
    const made = signatures.map((each) => (typeof each === 'string' ? this.#made.get(each) : undefined));
    return new Set(made.flatMap((each) => (each?.message === wanted ? [each.signer] : [])));
  }
}

/** SHA-256, hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** OLPC canonical JSON of a value of whole numbers, in ten lines. */
export function canonicalOf(value: unknown): string {
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  if (Array.isArray(value)) return `[${value.map(canonicalOf).join()}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, field]) => [name, field] as const);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${canonicalOf(name)}:${canonicalOf(field)}`).join()}}`;
}

/** What a device holds: the bytes that it saved. */
export interface HeldMetadata {
  readonly roots: readonly Uint8Array[];
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly onlineKeys: Uint8Array;
  readonly leaves: ReadonlyMap<string, Uint8Array>;
}

interface Authority {
  readonly publics: ReadonlySet<string>;
  readonly threshold: number;
}

/** The rules of TUF and of T-1, T-2, for one pinned root. */
export class RuleOracle {
  readonly #ledger: SigningLedger;
  readonly #pinned: string;
  readonly #nowMs: number;

  constructor(ledger: SigningLedger, pinnedRoot: Uint8Array, nowMs: number) {
    this.#ledger = ledger;
    this.#pinned = digestOf(pinnedRoot);
    this.#nowMs = nowMs;
  }

  /** What is wrong with metadata that a device believed after it believed `before`. */
  heldProblem(held: HeldMetadata, before: HeldMetadata): string | undefined {
    const chain = this.rootsProblem(held.roots);
    if (chain !== undefined) return chain;
    const root = signedOf(held.roots.at(-1) ?? new Uint8Array());
    for (const name of ['timestamp', 'snapshot', 'targets'] as const) {
      const unsigned = this.#unsigned(held[name], authorityOf(root, name));
      if (unsigned !== undefined) return `${name}: ${unsigned}`;
      if (Number(signedOf(held[name])['version']) < Number(signedOf(before[name])['version'])) return `${name}: older`;
      if (!(Date.parse(text(signedOf(held[name])['expires']) ?? '') > this.#nowMs)) return `${name}: expired`;
    }
    const targets = signedOf(held.targets);
    const mismatch =
      this.#snapshotProblem(held, before) ??
      metaProblem(signedOf(held.snapshot), 'targets', held.targets) ??
      this.targetsProblem(targets);
    if (mismatch !== undefined) return mismatch;
    const online = targets['targets']?.['keys/online.json'];
    if (text(online?.['hashes']?.['sha256']) !== digestOf(held.onlineKeys)) return 'online.json: other bytes';
    for (const [name, leaf] of held.leaves) {
      const kept = before.leaves.get(name);
      const problem =
        this.leafProblem(name, leaf, targets) ??
        (kept !== undefined && digestOf(kept) === digestOf(leaf)
          ? undefined
          : (metaProblem(signedOf(held.snapshot), name, leaf) ?? older(name, leaf, kept)));
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** Each root signed by two keys of the one before and two of its own; the first is the pinned one. */
  rootsProblem(roots: readonly Uint8Array[]): string | undefined {
    if (roots[0] === undefined || digestOf(roots[0]) !== this.#pinned) return 'root: not the pinned one';
    let last = signedOf(roots[0]);
    for (const bytes of roots.slice(1)) {
      const next = signedOf(bytes);
      if (Number(next['version']) !== Number(last['version']) + 1) return 'root: a gap';
      if (next['x-bw-development'] !== undefined) return 'root: development';
      for (const authority of [authorityOf(last, 'root'), authorityOf(next, 'root')]) {
        const unsigned = this.#unsigned(bytes, authority);
        if (unsigned !== undefined) return `root: ${unsigned}`;
      }
      if (authorityOf(next, 'targets').threshold < 2) return 'root: one key is enough for targets';
      last = next;
    }
    return undefined;
  }

  /** Top-level targets: nothing but the online keys, and for each family two roles without a common key. */
  targetsProblem(targets: Loose): string | undefined {
    if (text(targets['x-bw-role']) !== 'targets') return 'targets: another role';
    if (Object.keys(targets['targets'] ?? {}).some((path) => path !== 'keys/online.json')) return 'targets: lists more';
    const staging = delegated(targets, 'staging-digits')?.publics ?? new Set();
    const production = delegated(targets, 'production-digits')?.publics ?? new Set();
    return [...staging].some((key) => production.has(key)) ? 'targets: one key in both roles' : undefined;
  }

  /** A role's file, as the targets delegate it. */
  leafProblem(name: string, bytes: Uint8Array, targets: Loose): string | undefined {
    const authority = delegated(targets, name);
    if (authority === undefined) return `${name}: delegated by nobody`;
    const leaf = signedOf(bytes);
    const unsigned = this.#unsigned(bytes, authority);
    if (unsigned !== undefined) return `${name}: ${unsigned}`;
    if (text(leaf['x-bw-role']) !== name) return `${name}: the file of another role`;
    if ('delegations' in leaf) return `${name}: delegates on`;
    const own = new RegExp(`^${name.replace('-', '/')}(-[a-z0-9-]+)?/[^/]+/manifest\\.json$`);
    return Object.keys(leaf['targets'] ?? {}).every((path) => own.test(path)) ? undefined : `${name}: foreign paths`;
  }

  /** Four eyes: both roles list these very bytes, and neither has taken them back. */
  listingProblem(leaves: ReadonlyMap<string, Uint8Array>, release: string, manifest: string): string | undefined {
    for (const stage of ['staging', 'production']) {
      const leaf = leaves.get(`${stage}-digits`);
      const entry = leaf && signedOf(leaf)['targets']?.[`${stage}/${release.replace('@', '/')}/manifest.json`];
      if (entry === undefined) return `${stage}: does not list ${release}`;
      if (text(entry['hashes']?.['sha256']) !== manifest) return `${stage}: lists other bytes`;
      if (entry['custom']?.['withdrawn'] !== undefined) return `${stage}: withdrawn`;
    }
    return undefined;
  }

  /** What is wrong with a release that a runner would load, however it came to its disk. */
  releaseProblem(held: HeldMetadata, release: string, manifest: Uint8Array): string | undefined {
    const root = signedOf(held.roots.at(-1) ?? new Uint8Array());
    const targets = signedOf(held.targets);
    const unsigned = this.#unsigned(held.targets, authorityOf(root, 'targets'));
    const leaves = [...held.leaves].map(([name, leaf]) => this.leafProblem(name, leaf, targets));
    return (
      this.rootsProblem(held.roots) ??
      (unsigned === undefined ? undefined : `targets: ${unsigned}`) ??
      this.targetsProblem(targets) ??
      leaves.find((problem) => problem !== undefined) ??
      this.listingProblem(held.leaves, release, digestOf(manifest))
    );
  }

  /** True when a file that is believed is not as anybody wrote it: the same meaning in other bytes. */
  isRewritten(bytes: Uint8Array): boolean {
    return !this.#ledger.wrote(bytes);
  }

  /** A snapshot that was believed before and has the version that the timestamp says stays: TUF §5.5 hashes what is fetched. */
  #snapshotProblem(held: HeldMetadata, before: HeldMetadata): string | undefined {
    const isKept = digestOf(held.snapshot) === digestOf(before.snapshot);
    const said = signedOf(held.timestamp)['meta']?.['snapshot.json'];
    if (isKept && Number(said?.['version']) === Number(signedOf(held.snapshot)['version'])) return undefined;
    return metaProblem(signedOf(held.timestamp), 'snapshot', held.snapshot);
  }

  #unsigned(bytes: Uint8Array, { publics, threshold }: Authority): string | undefined {
    const { signed, signatures } = read(bytes) as { readonly signed?: unknown; readonly signatures?: unknown };
    const hexes = Array.isArray(signatures) ? signatures.map((each: Loose | null) => each?.['sig']) : [];
    const signers = this.#ledger.signersOf(Buffer.from(canonicalOf(signed)), hexes);
    const count = [...signers].filter((key) => publics.has(key)).length;
    return count < threshold ? `${count} of ${threshold} signatures` : undefined;
  }
}

function read(bytes: Uint8Array): Loose {
  return JSON.parse(Buffer.from(bytes).toString()) as Loose;
}

/** The signed part of a TUF file. */
export function signedOf(bytes: Uint8Array): Loose {
  return read(bytes)['signed'] as Loose;
}

function authorityOf(root: Loose, name: string): Authority {
  return authority(root['roles']?.[name], root['keys'], name === 'root' || name === 'targets' ? 2 : 1);
}

function delegated(targets: Loose, name: string): Authority | undefined {
  const roles = targets['delegations']?.['roles'] as unknown as readonly Loose[] | undefined;
  const role = roles?.find((each) => text(each['name']) === name);
  return role === undefined ? undefined : authority(role, targets['delegations']?.['keys'], 1);
}

/** A key counts once, however many ids it has, and never when everybody can sign for it. */
function authority(role: Loose | undefined, keys: Loose | undefined, minimum: number): Authority {
  const ids = (role?.['keyids'] ?? []) as unknown as readonly string[];
  const publics = ids.flatMap((id) => text(keys?.[id]?.['keyval']?.['public']) ?? []);
  return { publics: new Set(publics), threshold: Math.max(minimum, Number(role?.['threshold'])) };
}

function metaProblem(parent: Loose, name: string, bytes: Uint8Array): string | undefined {
  const meta = parent['meta']?.[`${name}.json`];
  if (meta === undefined) return `${name}: not in what lists it`;
  if (Number(meta['version']) !== Number(signedOf(bytes)['version'])) return `${name}: another version`;
  const digest = meta['hashes']?.['sha256'];
  return digest === undefined || text(digest) === digestOf(bytes) ? undefined : `${name}: other bytes`;
}

function older(name: string, bytes: Uint8Array, before: Uint8Array | undefined): string | undefined {
  if (before === undefined) return undefined;
  return Number(signedOf(bytes)['version']) < Number(signedOf(before)['version']) ? `${name}: older` : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
