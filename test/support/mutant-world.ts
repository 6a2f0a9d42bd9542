import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalize } from '@tufjs/canonical-json';
import { publicKeyOf } from '@bellwether/shared/signing/ed25519-nacl';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { digestOf, type HeldMetadata, SigningLedger } from './rule-oracle.js';
import { type SampleRelease, sampleRelease } from './sample-release.js';
import { keyIdOf, type RepositoryKeys, SignedRepository } from './signed-repository.js';

/** What a TUF file says, before it is signed. */
export type SignedPart = Record<string, unknown> & { version: number };
/** The roles whose files mutate. */
export const tufRoles = ['root', 'targets', 'staging-digits', 'production-digits', 'snapshot', 'timestamp'] as const;
export type TufRoleName = (typeof tufRoles)[number];

/** Where every mutant starts: what the device believes, what the server honestly publishes next, and who signed it. */
export interface MutantWorld {
  readonly keys: RepositoryKeys;
  /** A key that nobody trusts. */
  readonly stranger: KeyPair;
  readonly ledger: SigningLedger;
  /** What the device has on its disk. */
  readonly held: HeldMetadata;
  /** What the server publishes next, as bytes and as what was signed. */
  readonly next: HeldMetadata;
  readonly drafts: Readonly<Record<TufRoleName, SignedPart>>;
  readonly served: SampleRelease;
  readonly newer: SampleRelease;
  /** What an attacker wants to be served. */
  readonly evil: SampleRelease;
}

/** Signs a TUF part with some keys, each under an id of the attacker's choice, and writes it into the ledger. */
export function signPart(ledger: SigningLedger, signed: unknown, signers: readonly (KeyPair & { keyid?: string })[]) {
  const message = Buffer.from(canonicalText(signed));
  const signatures = signers.map((key) => ({ keyid: key.keyid ?? keyIdOf(key), sig: ledger.sign(key, message) }));
  const bytes = Buffer.from(JSON.stringify({ signed, signatures }));
  ledger.noteFile(bytes);
  return bytes;
}

/** What has no canonical form is signed as it is: an attacker's tool need not be ours. */
function canonicalText(signed: unknown): string {
  try {
    return canonicalize(signed);
  } catch {
    return JSON.stringify(signed);
  }
}

/** Makes the world: root rotated once, digits@1.0.0 believed, digits@1.1.0 published by everybody who must. */
export async function makeMutantWorld(): Promise<MutantWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-mutants-'));
  let made = 0;
  // Not from dice: the same seed shall make the same bytes.
  const makeKey = (): KeyPair => {
    const seed = digestOf(Buffer.from(`mutant key ${made++}`));
    return { seed, publicKey: publicKeyOf(seed) };
  };
  try {
    const repository = await SignedRepository.create(folder, ['digits'], { makeKey });
    await repository.publish('root');
    const [served, newer] = [sampleRelease('digits', '1.0.0'), sampleRelease('digits', '1.1.0')];
    await repository.addRelease(served);
    const online = (): Uint8Array => Buffer.from(JSON.stringify(onlineKeysOf(repository.keys)));
    const held = heldOf(repository, online());
    await repository.addRelease(newer);
    await repository.publish('targets');
    const next = heldOf(repository, online());
    const ledger = new SigningLedger();
    const drafts = {
      root: { ...repository.root.signed, version: repository.root.signed.version + 1 },
      targets: repository.targets.signed,
      'staging-digits': repository.leaf('staging-digits').signed,
      'production-digits': repository.leaf('production-digits').signed,
      snapshot: repository.snapshot.signed,
      timestamp: repository.timestamp.signed,
    };
    noteGenuine(ledger, repository, [held, next]);
    const evil = sampleRelease('digits', '6.6.6', 'evil');
    return { keys: repository.keys, stranger: makeKey(), ledger, held, next, drafts, served, newer, evil };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As SignedRepository writes keys/online.json. */
function onlineKeysOf({ director, time }: RepositoryKeys) {
  const keys = [
    { keyid: keyIdOf(director), public: director.publicKey, use: 'director' },
    { keyid: keyIdOf(time), public: time.publicKey, use: 'time' },
  ];
  return { schema: 'bellwether.online-keys.v1', epoch: 1, keys };
}

function heldOf({ published, roots }: SignedRepository, onlineKeys: Uint8Array): HeldMetadata {
  const bytes = (name: string) => published.get(name) ?? new Uint8Array();
  return {
    roots: [...roots.values()],
    timestamp: bytes('timestamp'),
    snapshot: bytes('snapshot'),
    targets: bytes('targets'),
    onlineKeys,
    leaves: new Map(['staging-digits', 'production-digits'].map((name) => [name, bytes(name)])),
  };
}

/** Signs again what the repository had signed: Ed25519 gives the same bytes, and the ledger knows them. */
function noteGenuine(ledger: SigningLedger, { keys }: SignedRepository, states: readonly HeldMetadata[]): void {
  const all = new Map(
    Object.values(keys)
      .flat()
      .map((key: KeyPair) => [keyIdOf(key), key] as const),
  );
  for (const { roots, timestamp, snapshot, targets, leaves, onlineKeys } of states) {
    ledger.noteFile(onlineKeys);
    for (const bytes of [...roots, timestamp, snapshot, targets, ...leaves.values()]) {
      const { signed, signatures } = JSON.parse(Buffer.from(bytes).toString()) as {
        signed: unknown;
        signatures: { keyid: string; sig: string }[];
      };
      for (const { keyid, sig } of signatures) {
        const key = all.get(keyid);
        const again = key && ledger.sign(key, Buffer.from(canonicalize(signed)));
        if (again !== sig) throw new Error(`the ledger does not reproduce a signature of ${digestOf(bytes)}`);
      }
      ledger.noteFile(bytes);
    }
  }
}
