import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A device's state folder in pieces that have a meaning, each with a digest: `order`, `time`, `root`, `timestamp`,
 * `staging-digits` … (the file that stands, and its floor), `installs` (without records of a refusal, and how far a probation is), and the rest by
 * path (`identity/device.key`, `blobs/<digest>`). Telemetry, receipts, the lock, sockets and
 * metadata that no longer stands are left out.
 */
export type DeviceState = ReadonlyMap<string, string>;

interface TrustFile {
  readonly metadata: string;
  readonly state: {
    readonly floors: { readonly root: number; readonly roles: Readonly<Record<string, { readonly version: number }>> };
    readonly order: unknown;
    readonly timeFloorMs: number;
  };
}
interface InstallsFile {
  readonly releases: readonly { readonly phase: string; readonly probation?: unknown }[];
}

const leftOut =
  /^(?:outbox|run|trust)\/|^(?:agent\.lock|installs\.json|receipts\.json|last-start\.json)$|\.(?:part|tmp)$/;

/** Reads the pieces of a state folder. */
export async function readDeviceState(folder: string): Promise<DeviceState> {
  const state = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (entry.isFile() && !leftOut.test(path)) state.set(path, digestOf(await readFile(join(folder, path))));
  }
  const { releases } = JSON.parse(await readFile(join(folder, 'installs.json'), 'utf8')) as InstallsFile;
  const installs = releases.filter(({ phase }) => phase !== 'refused').map(({ probation: _, ...install }) => install);
  state.set('installs', digestOf(String(installs.map((install) => JSON.stringify(install)).toSorted())));
  return new Map([...state, ...(await trustPieces(join(folder, 'trust')))]);
}

/** The folder of the metadata that stands. */
export async function currentMetadataFolder(stateFolder: string): Promise<string> {
  const { metadata } = await readTrustFile(join(stateFolder, 'trust'));
  return join(stateFolder, 'trust', metadata);
}

/** What a cache does that takes a torn file for none: the metadata is gone, and the floors with it. */
export async function dropMetadata(stateFolder: string): Promise<void> {
  const folder = await currentMetadataFolder(stateFolder);
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.root.json'));
  await Promise.all(names.map((name) => rm(join(folder, name))));
  const path = join(stateFolder, 'trust', 'trust.json');
  const { state, ...file } = await readTrustFile(join(stateFolder, 'trust'));
  await writeFile(path, JSON.stringify({ ...file, state: { ...state, floors: { root: 1, roles: {} } } }));
}

async function readTrustFile(folder: string): Promise<TrustFile> {
  return JSON.parse(await readFile(join(folder, 'trust.json'), 'utf8')) as TrustFile;
}

async function trustPieces(folder: string): Promise<ReadonlyMap<string, string>> {
  const { metadata, state } = await readTrustFile(folder);
  const pieces = new Map<string, string>();
  for (const name of await readdir(join(folder, metadata))) {
    const role = name.replace(/\.json$/, '');
    const floor = state.floors.roles[role]?.version ?? 0;
    pieces.set(role, digestOf(`${floor} ${digestOf(await readFile(join(folder, metadata, name)))}`));
  }
  pieces.set('order', digestOf(JSON.stringify(state.order)));
  return pieces.set('time', digestOf(String(state.timeFloorMs)));
}

/** The names of the pieces that differ, sorted. */
export function changedPieces(before: DeviceState, after: DeviceState): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}

function digestOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
