import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataError } from '@bellwether/control-plane/database/data-error';
import { lockDataFolder } from '@bellwether/control-plane/database/data-lock-sqlite';
import { openDatabase } from '@bellwether/control-plane/database/database-sqlite';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the database', () => {
  it('keeps commits across a power cut: WAL with synchronous=FULL', async () => {
    const { sqlite, close } = await openDatabase(join(folder, 'a.sqlite'));
    expect(sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(sqlite.pragma('synchronous', { simple: true })).toBe(2);
    await close();
  });

  it('opens its own file again with what was in it', async () => {
    const path = join(folder, 'a.sqlite');
    const first = await openDatabase(path);
    first.sqlite.exec(`update counters set value = 7 where name = 'windows-received'`);
    await first.close();
    const second = await openDatabase(path);
    const row = await second.kysely
      .selectFrom('counters')
      .selectAll()
      .where('name', '=', 'windows-received')
      .executeTakeFirst();
    expect(row?.value).toBe(7);
    await second.close();
  });

  it('refuses a file that a newer version has migrated', async () => {
    const path = join(folder, 'a.sqlite');
    const first = await openDatabase(path);
    first.sqlite.exec(`insert into kysely_migration (name, timestamp) values ('9999-future', '2099-01-01')`);
    await first.close();
    await expect(openDatabase(path)).rejects.toMatchObject({ code: 'data-newer' });
  });

  it('says that a file which is no database is damaged', async () => {
    const path = join(folder, 'a.sqlite');
    await writeFile(path, 'not a database at all, and long enough to be looked at'.repeat(100));
    const failure = await openDatabase(path).catch((cause: unknown) => dataError(folder, cause));
    expect(failure).toMatchObject({ code: 'data-corrupt' });
    expect((failure as Error).message).toContain(folder);
  });
});

describe('the lock of a data folder', () => {
  it('lets one server in at a time', () => {
    const release = lockDataFolder(folder);
    let refused: unknown;
    try {
      lockDataFolder(folder);
    } catch (cause) {
      refused = dataError(folder, cause);
    }
    expect(refused).toMatchObject({ code: 'data-locked' });
    release();
    release();
    lockDataFolder(folder)();
  });
});

describe('what goes wrong in a data folder', () => {
  it.each([
    ['EROFS', 'data-read-only'],
    ['EACCES', 'data-read-only'],
    ['SQLITE_READONLY_DIRECTORY', 'data-read-only'],
    ['ENOSPC', 'data-full'],
    ['SQLITE_FULL', 'data-full'],
    ['SQLITE_CORRUPT_VTAB', 'data-corrupt'],
    ['EWHATEVER', 'data-unusable'],
  ])('%s is %s', (code, ours) => {
    expect(dataError('/data', Object.assign(new Error('why'), { code }))).toMatchObject({ code: ours });
  });
});
