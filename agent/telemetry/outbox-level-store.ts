import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { OutboxError } from './outbox.js';
import { decodeTotals, type OutboxTotals } from './outbox-totals.js';

/** Keys are text, values bytes. */
export type Store = ClassicLevel<string, Uint8Array>;

/** Sorts before every record. */
export const totalsKey = '!totals';

/** An open store and the totals in it; undefined when it is new or they are lost. */
export interface OpenedStore {
  readonly store: Store;
  readonly totals: OutboxTotals | undefined;
  /** True when it had to be repaired or set aside: records may be missing. */
  readonly isDamaged: boolean;
}

/**
 * Opens the LevelDB in a folder. A damaged one is repaired; what cannot be repaired is moved to `<folder>.corrupt` (one
 * is kept) and a new one begun, because an agent without telemetry is better than none. Throws OutboxError.
 */
export async function openStore(folder: string, log: Log, mustRepair: boolean): Promise<OpenedStore> {
  await assertWritable(folder);
  try {
    if (!mustRepair) return { ...(await open(folder)), isDamaged: false };
  } catch (cause) {
    if (codeOf(cause) === 'LEVEL_LOCKED') {
      throw new OutboxError('outbox-locked', `another process uses ${folder}`, { cause });
    }
    log.error({ folder, err: messageOf(cause) }, 'the outbox is damaged; repairing it');
  }
  try {
    await ClassicLevel.repair(folder);
    return { ...(await open(folder)), isDamaged: true };
  } catch (cause) {
    log.error({ folder, err: messageOf(cause) }, 'the outbox cannot be repaired; it is set aside');
    return { ...(await beginAnew(folder)), isDamaged: true };
  }
}

async function beginAnew(folder: string): Promise<{ store: Store; totals: OutboxTotals | undefined }> {
  const aside = `${folder}.corrupt`;
  try {
    await rm(aside, { recursive: true, force: true });
    await rename(folder, aside);
    return await open(folder);
  } catch (cause) {
    throw new OutboxError('outbox-unwritable', `${folder}: ${messageOf(cause)}`, { cause });
  }
}

async function open(folder: string): Promise<{ store: Store; totals: OutboxTotals | undefined }> {
  const store: Store = new ClassicLevel(folder, { valueEncoding: 'view' });
  try {
    await store.open();
    const totals = await store.get(totalsKey);
    return { store, totals: totals === undefined ? undefined : decodeTotals(totals) };
  } catch (error) {
    await store.close();
    // "Failed to open" says nothing: LevelDB's own reason is the cause.
    throw error instanceof Error && error.cause !== undefined ? error.cause : error;
  }
}

/** Tells a full or read-only disk from damage: LevelDB answers both with an I/O error, and only damage may be repaired. */
async function assertWritable(folder: string): Promise<void> {
  const probe = `${folder}.probe`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(probe, Buffer.alloc(64 * 1024), { flush: true });
    await rm(probe);
  } catch (cause) {
    throw new OutboxError('outbox-unwritable', `${folder}: ${messageOf(cause)}`, { cause });
  }
}
