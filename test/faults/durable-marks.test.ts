import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDatabase } from '../support/database.js';
import { canTrace, marksWithoutSync, traceUntil } from '../support/traced-process.js';
import { WalLife } from '../support/wal-cut.js';

const script = (name: string) => fileURLToPath(new URL(`../support/${name}.js`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-marks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Skipped without strace: `node tools/debian-packages.mjs strace` installs it. */
describe.skipIf(!canTrace)('under strace', () => {
  it('a message is in the outbox only after fdatasync (LevelDB with sync: true)', async () => {
    const calls = await traceUntil(script('outbox-writer'), [folder], (line) => line === 'put 30');
    expect(calls.filter((call) => call.includes('put ')).length).toBeGreaterThan(25);
    expect(marksWithoutSync(calls, /put \d+/)).toEqual([]);
    // The control: what is removed is not flushed, and this would see it.
    expect(marksWithoutSync(calls, /(?:put|removed) \d+/)).not.toEqual([]);
  });

  it('a window is acknowledged only after fdatasync (SQLite with synchronous=FULL)', async () => {
    const calls = await traceUntil(script('ingest-writer'), [folder, '30'], (line) => line === 'acknowledged 29');
    expect(calls.filter((call) => call.includes('acknowledged ')).length).toBeGreaterThan(25);
    expect(marksWithoutSync(calls, /acknowledged \d+/)).toEqual([]);
  });
});

describe("the server's database", () => {
  it('is opened with synchronous=FULL and a write-ahead log', async () => {
    const database = await temporaryDatabase();
    expect(database.sqlite.pragma('synchronous', { simple: true })).toBe(2);
    expect(database.sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
    await database.remove();
  });

  it('cut anywhere in its log is whole, and has every window that was acknowledged by then', async () => {
    const life = await WalLife.live(20);
    try {
      const end = life.boundaries.at(-1) ?? 0;
      expect((await life.boot(end)).windows).toBe(20);
      for (const [i, size] of life.boundaries.entries()) {
        const { windows, isWhole } = await life.boot(size);
        expect({ isWhole, acknowledgedLost: Math.max(0, i + 1 - windows) }).toEqual({
          isWhole: true,
          acknowledgedLost: 0,
        });
        // Within a record: it is gone, and nothing before it.
        const torn = await life.boot(size - 7);
        expect(torn.isWhole).toBe(true);
        expect(torn.windows).toBeGreaterThanOrEqual(i);
        expect(torn.windows).toBeLessThanOrEqual(windows);
      }
      expect((await life.boot(end - 7)).windows).toBe(19);
    } finally {
      await life.remove();
    }
  });
});
