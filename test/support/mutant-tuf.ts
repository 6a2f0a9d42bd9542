import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import type { Offer } from './mutant-device.js';
import { editAnywhere } from './mutant-edits.js';
import type { MutantRandom } from './mutant-random.js';
import { type Parts, schemes } from './mutant-schemes.js';
import { changeText } from './mutant-texts.js';
import { type MutantWorld, signPart, type TufRoleName, tufRoles } from './mutant-world.js';
import { digestOf, type HeldMetadata } from './rule-oracle.js';
import { keyIdOf, targetOf } from './signed-repository.js';

/** What an attacker offers to a device. */
export interface TufMutant {
  readonly offer: Offer;
  readonly row: string;
  readonly what: string;
  /** Structure changed, then signed with what the row holds. */
  readonly isResigned: boolean;
  readonly isAmbiguous: boolean;
  /** The boot's verifier looks at what was changed; the runner's does not. */
  readonly isForBoot: boolean;
}

type RepositoryKeys = MutantWorld['keys'];
type Row = readonly [name: string, holds: (keys: RepositoryKeys) => readonly KeyPair[]];

const online = ({ snapshot, timestamp, director, time }: RepositoryKeys) => [snapshot, timestamp, director, time];

/** Attackers, by the keys that they hold. None of these may reach a production device. */
const rows: readonly Row[] = [
  ['network', () => []],
  ['one publisher', (keys) => [keys.publisher]],
  ['one approver', (keys) => [keys.approver]],
  ['director', (keys) => [keys.director]],
  ['server with all online keys', online],
  ['server and one publisher', (keys) => [...online(keys), keys.publisher]],
  ['server and one publisher', (keys) => [...online(keys), keys.publisher]],
  ['server and one approver', (keys) => [...online(keys), keys.approver]],
  ['server and one targets key', (keys) => [...online(keys), ...keys.targets.slice(0, 1)]],
  ['server, one publisher, one targets key', (keys) => [...online(keys), keys.publisher, ...keys.targets.slice(0, 1)]],
  ['server and one root key', (keys) => [...online(keys), ...keys.root.slice(0, 1)]],
];

interface Draft {
  readonly world: MutantWorld;
  readonly random: MutantRandom;
  readonly held: readonly KeyPair[];
  readonly parts: Parts;
  readonly files: Map<TufRoleName, Uint8Array>;
  readonly edited: Set<TufRoleName>;
  onlineKeys: Uint8Array;
  manifest: Uint8Array;
  what: string;
  isAmbiguous: boolean;
}

/** Makes one mutant of TUF files, keys/online.json or a manifest. */
export function makeTufMutant(
  format: 'tuf' | 'online' | 'manifest',
  world: MutantWorld,
  random: MutantRandom,
): TufMutant {
  const [row, holds] = random.pick(rows);
  const held = holds(world.keys);
  const { next, newer } = world;
  const draft: Draft = {
    world,
    random,
    held,
    parts: structuredClone(world.drafts),
    files: new Map<TufRoleName, Uint8Array>([
      ['timestamp', next.timestamp],
      ['snapshot', next.snapshot],
      ['targets', next.targets],
      ...(next.leaves as ReadonlyMap<TufRoleName, Uint8Array>),
    ]),
    edited: new Set(),
    onlineKeys: next.onlineKeys,
    manifest: newer.manifest,
    what: '',
    isAmbiguous: false,
  };
  const isStructural = random.chance(0.75);
  if (format === 'online') changeOnlineKeys(draft, isStructural);
  else if (format === 'manifest') changeManifest(draft, isStructural);
  else if (isStructural) changeParts(draft);
  else changeFile(draft);
  if (format !== 'tuf' || isStructural) for (const name of draft.edited) sign(draft, name);
  if (held.includes(world.keys.snapshot)) repairParents(draft);
  return {
    offer: { files: filesOf(draft), manifest: draft.manifest },
    row,
    what: draft.what,
    isResigned: isStructural && held.length > 0,
    isAmbiguous: draft.isAmbiguous,
    isForBoot: format === 'online' || ['snapshot', 'timestamp'].some((name) => draft.edited.has(name as TufRoleName)),
  };
}

function changeParts(draft: Draft): void {
  const { parts, world, random, edited } = draft;
  const notes: string[] = [];
  if (random.chance(0.6)) {
    const scheme = random.pick(schemes);
    scheme.edit(parts, world, random);
    for (const name of scheme.roles) edited.add(name);
    notes.push(scheme.what);
  }
  const blind = random.below(3) + (notes.length === 0 ? 1 : 0);
  for (let i = 0; i < blind; i++) {
    const name = random.pick([...edited, ...tufRoles]);
    notes.push(`${name}: ${editAnywhere(parts[name], random)}`);
    edited.add(name);
  }
  if (edited.has('staging-digits') || edited.has('production-digits')) draft.manifest = listedManifest(draft);
  draft.what = notes.join('; ');
}

/** What the attacker wants to be loaded: the evil release where he lists it. */
function listedManifest({ parts, world }: Draft): Uint8Array {
  const listsEvil = JSON.stringify(parts['production-digits']).includes(digestOf(world.evil.manifest));
  return listsEvil ? world.evil.manifest : world.newer.manifest;
}

function changeFile(draft: Draft): void {
  const { random, files, edited, world } = draft;
  const name = random.pick(['targets', 'staging-digits', 'production-digits', 'snapshot', 'timestamp'] as const);
  const bytes = files.get(name) ?? new Uint8Array();
  edited.add(name);
  if (random.chance(0.1)) {
    const other = random.pick([...files.keys()]);
    files.set(name, random.chance(0.5) ? (files.get(other) ?? bytes) : oldFile(world.held, name));
    draft.what = `${name}: the file of ${other}, or an older one`;
    return;
  }
  const changed = changeText(bytes, random);
  files.set(name, changed.bytes);
  draft.what = `${name}: ${changed.what}`;
  draft.isAmbiguous = changed.isAmbiguous;
}

function oldFile(held: HeldMetadata, name: TufRoleName): Uint8Array {
  if (name === 'timestamp' || name === 'snapshot' || name === 'targets') return held[name];
  return held.leaves.get(name) ?? new Uint8Array();
}

function changeOnlineKeys(draft: Draft, isStructural: boolean): void {
  const { random, world, parts, edited } = draft;
  if (isStructural) {
    const keys = JSON.parse(Buffer.from(draft.onlineKeys).toString()) as { keys: Record<string, unknown>[] };
    if (random.chance(0.5))
      keys.keys.push({ keyid: keyIdOf(world.stranger), public: world.stranger.publicKey, use: 'director' });
    else draft.what = editAnywhere(keys, random);
    draft.onlineKeys = Buffer.from(JSON.stringify(keys));
  } else {
    const changed = changeText(draft.onlineKeys, random);
    draft.onlineKeys = changed.bytes;
    draft.isAmbiguous = changed.isAmbiguous;
    draft.what = changed.what;
  }
  draft.what = `online.json: ${draft.what}`;
  if (random.chance(0.3)) return;
  (parts.targets['targets'] as Record<string, unknown>)['keys/online.json'] = targetOf(draft.onlineKeys);
  parts.targets.version++;
  edited.add('targets');
}

function changeManifest(draft: Draft, isStructural: boolean): void {
  const { random, world, parts, edited } = draft;
  if (isStructural) {
    const manifest = JSON.parse(Buffer.from(world.newer.manifest).toString()) as Record<string, unknown>;
    draft.what = editAnywhere(manifest, random);
    draft.manifest = Buffer.from(JSON.stringify(manifest));
  } else {
    const changed = changeText(world.newer.manifest, random);
    draft.manifest = changed.bytes;
    draft.isAmbiguous = changed.isAmbiguous;
    draft.what = changed.what;
  }
  draft.what = `manifest: ${draft.what}`;
  for (const stage of ['staging', 'production'] as const) {
    if (random.chance(0.4)) continue;
    const name = `${stage}-digits` as const;
    (parts[name]['targets'] as Record<string, unknown>)[`${stage}/digits/1.1.0/manifest.json`] = targetOf(
      draft.manifest,
    );
    parts[name].version++;
    edited.add(name);
  }
}

/** Signs what was changed with every key that the row holds, and now and then under ids of other keys. */
function sign({ world, random, held, parts, files }: Draft, name: TufRoleName): void {
  const how = random.below(4);
  const ids = Object.values(world.keys).flat().map(keyIdOf);
  const signers = [...held, ...(random.chance(0.5) ? [world.stranger] : [])].flatMap((key) => {
    if (how === 0) return [key, { ...key, keyid: random.pick(ids) }];
    if (how === 1) return [{ ...key, keyid: 'ab'.repeat(32) }, { ...key, keyid: 'cd'.repeat(32) }, key];
    return [key];
  });
  files.set(name, signPart(world.ledger, parts[name], signers));
}

/** Whoever holds the online keys tells the true digests of what he changed. */
function repairParents(draft: Draft): void {
  const { world, random, parts, files, edited } = draft;
  const children = (['targets', 'staging-digits', 'production-digits'] as const).filter((name) => edited.has(name));
  const { snapshot, timestamp } = world.keys;
  if (children.length > 0 && !edited.has('snapshot')) {
    for (const name of children) tell(parts.snapshot, name, parts[name].version, files.get(name));
    files.set('snapshot', signPart(world.ledger, parts.snapshot, [snapshot]));
  }
  if ((children.length > 0 || edited.has('snapshot')) && (!edited.has('timestamp') || random.chance(0.5))) {
    const base = edited.has('timestamp') ? structuredClone(world.drafts.timestamp) : parts.timestamp;
    tell(base, 'snapshot', parts.snapshot.version, files.get('snapshot'));
    files.set('timestamp', signPart(world.ledger, base, [timestamp]));
  }
}

function tell(
  parent: Record<string, unknown>,
  name: string,
  version: number,
  bytes: Uint8Array = new Uint8Array(),
): void {
  const meta = parent['meta'];
  if (typeof meta !== 'object' || meta === null) return;
  (meta as Record<string, unknown>)[`${name}.json`] = { version, ...targetOf(bytes) };
}

function filesOf({ world, files, onlineKeys }: Draft): HeldMetadata {
  const bytes = (name: TufRoleName) => files.get(name) ?? new Uint8Array();
  const root = files.get('root');
  return {
    roots: [...world.held.roots, ...(root === undefined ? [] : [root])],
    timestamp: bytes('timestamp'),
    snapshot: bytes('snapshot'),
    targets: bytes('targets'),
    onlineKeys,
    leaves: new Map(['staging-digits', 'production-digits'].map((name) => [name, bytes(name as TufRoleName)])),
  };
}
