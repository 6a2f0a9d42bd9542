import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outbox, OutboxKind } from '@bellwether/agent/telemetry/outbox';
import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from '../../support/manual-clock.js';
import { readAll } from '../../support/outbox-content.js';

const day = 86_400_000;
const writer = fileURLToPath(new URL('../../support/outbox-writer.js', import.meta.url));

describe('the outbox on disk', () => {
  let folder = '';
  const opened: Outbox[] = [];
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'bellwether-outbox-')), 'outbox');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const outbox of opened.splice(0)) await outbox.close();
    await rm(join(folder, '..'), { recursive: true });
  });

  const open = async (limits: { maxBytes?: number; maxAgeMs?: number; clock?: ManualClock } = {}): Promise<Outbox> => {
    const options = { folder, maxBytes: 100_000, maxAgeMs: 30 * day, clock: new ManualClock(), log: silentLog };
    const outbox = await openOutbox({ ...options, ...limits });
    opened.push(outbox);
    return outbox;
  };
  const put = (outbox: Outbox, kind: OutboxKind, text: string) => outbox.put(kind, Buffer.from(text));
  const all = async (outbox: Outbox): Promise<string[]> =>
    (await readAll(outbox)).map((m) => `${m.kind} ${Buffer.from(m.payload).toString()}`);
  const levelFile = async (suffix: string): Promise<string> => {
    const name = (await readdir(folder)).find((file) => file.endsWith(suffix) || file.startsWith(suffix));
    return join(folder, name ?? 'missing');
  };

  it('keeps messages in order, events before windows, each kind oldest first', async () => {
    const outbox = await open();
    for (const text of ['w1', 'w2', 'w3']) await put(outbox, 'window', text);
    for (const text of ['e1', 'e2']) await put(outbox, 'event', text);
    expect(await all(outbox)).toEqual(['event e1', 'event e2', 'window w1', 'window w2', 'window w3']);
    expect(outbox.state).toEqual({ waiting: 5, bytes: 10, lostWindows: 0, lostEvents: 0 });
  });

  it('reads on after a message, as many as asked', async () => {
    const outbox = await open();
    for (let i = 0; i < 12; i++) await put(outbox, 'window', `w${i}`);
    const from = 'oldest';
    const first = await outbox.read({ kind: 'window', from }, 5);
    const second = await outbox.read({ kind: 'window', after: first.at(-1)?.id, from }, 5);
    const third = await outbox.read({ kind: 'window', after: second.at(-1)?.id, from }, 5);
    const texts = [first, second, third].map((batch) => batch.map((m) => Buffer.from(m.payload).toString()));
    expect(texts).toEqual([
      ['w0', 'w1', 'w2', 'w3', 'w4'],
      ['w5', 'w6', 'w7', 'w8', 'w9'],
      ['w10', 'w11'],
    ]);
    expect(await outbox.read({ kind: 'window', after: third.at(-1)?.id, from }, 5)).toEqual([]);
  });

  it('survives a restart with messages, numbers and counters', async () => {
    const before = await open();
    await put(before, 'window', 'w1');
    await put(before, 'event', 'e1');
    await before.close();
    const after = await open();
    expect(after.state).toEqual({ waiting: 2, bytes: 4, lostWindows: 0, lostEvents: 0 });
    await put(after, 'window', 'w2');
    expect(await all(after)).toEqual(['event e1', 'window w1', 'window w2']);
  });

  it('forgets what was removed, and bears a removal that comes twice', async () => {
    const outbox = await open();
    await put(outbox, 'window', 'w1');
    await put(outbox, 'window', 'w2');
    const [oldest] = await outbox.read({ kind: 'window', from: 'oldest' }, 1);
    await outbox.remove([oldest?.id ?? '']);
    await outbox.remove([oldest?.id ?? '', 'nonsense']);
    expect(await all(outbox)).toEqual(['window w2']);
    expect(outbox.state).toMatchObject({ waiting: 1, bytes: 2 });
  });

  it('drops the oldest windows when it is full, events last, and counts each loss durably', async () => {
    const outbox = await open({ maxBytes: 10 });
    await put(outbox, 'event', 'e1');
    for (const text of ['w1', 'w2', 'w3', 'w4']) await put(outbox, 'window', text);
    await put(outbox, 'window', 'w5--');
    expect(await all(outbox)).toEqual(['event e1', 'window w3', 'window w4', 'window w5--']);
    expect(outbox.state).toEqual({ waiting: 4, bytes: 10, lostWindows: 2, lostEvents: 0 });
    await put(outbox, 'event', 'e2-------');
    expect(await all(outbox)).toEqual(['event e2-------']);
    await outbox.close();
    expect((await open()).state).toEqual({ waiting: 1, bytes: 9, lostWindows: 5, lostEvents: 1 });
  });

  it('refuses a message larger than itself, counts it, and drops nothing for it', async () => {
    const outbox = await open({ maxBytes: 10 });
    await put(outbox, 'window', 'w1');
    await expect(put(outbox, 'event', 'e'.repeat(11))).rejects.toMatchObject({ code: 'outbox-unwritable' });
    expect(await all(outbox)).toEqual(['window w1']);
    expect(outbox.state).toMatchObject({ waiting: 1, lostEvents: 1 });
  });

  it('drops what is too old', async () => {
    const clock = new ManualClock();
    const outbox = await open({ clock, maxAgeMs: day });
    await put(outbox, 'window', 'w1');
    await put(outbox, 'event', 'e1');
    clock.setWall(clock.now().wallMs + day + 1);
    await put(outbox, 'window', 'w2');
    expect(await all(outbox)).toEqual(['window w2']);
    expect(outbox.state).toMatchObject({ lostWindows: 1, lostEvents: 1 });
  });

  it('does not take the age of what was stored before the clock was set', async () => {
    const clock = new ManualClock(0);
    const outbox = await open({ clock, maxAgeMs: day });
    await put(outbox, 'window', 'from 1970');
    clock.setWall(Date.UTC(2026, 5, 1));
    await put(outbox, 'window', 'from 2026');
    expect(await all(outbox)).toEqual(['window from 1970', 'window from 2026']);
  });

  it('refuses use after it was closed', async () => {
    const outbox = await open();
    await outbox.close();
    await outbox.close();
    await expect(put(outbox, 'window', 'w')).rejects.toMatchObject({ code: 'outbox-closed' });
    await expect(outbox.read({ kind: 'window', from: 'newest' }, 1)).rejects.toMatchObject({ code: 'outbox-closed' });
  });

  it('says that another one has it', async () => {
    await open();
    await expect(open()).rejects.toMatchObject({ code: 'outbox-locked' });
  });

  /** Starts the writing child and reads its lines until one is `last`. */
  const fill = async (
    until: (lines: readonly string[], pid: number) => boolean,
    wrap: readonly string[] = [],
  ): Promise<string[]> => {
    const [command, ...rest] = [...wrap, process.execPath, writer, folder, '20000'];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const ended = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (until(lines, child.pid ?? 0)) child.kill('SIGKILL');
    }
    // Its output ends a moment before the lock of its database.
    await ended;
    return lines;
  };

  it.each([20, 61, 137])(
    'has everything that was acknowledged when its process is killed after %i messages',
    async (count) => {
      const lines = await fill((sofar) => sofar.length >= count);
      const numbers = (verb: string) =>
        lines.flatMap((line) => (line.startsWith(verb) ? [Number(line.split(' ')[1])] : []));
      const removed = new Set(numbers('removed'));
      const outbox = await open({ maxBytes: 20_000 });
      const found = (await readAll(outbox)).map((m) => Number.parseInt(Buffer.from(m.payload).toString(), 10));
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      expect(outbox.state.waiting).toBe(found.length);
      expect(outbox.state.bytes).toBe(found.length * 400);
      const missing = numbers('put').filter((n) => !found.includes(n) && !removed.has(n));
      // At the most the one whose removal was not printed any more.
      expect(missing.length - outbox.state.lostWindows).toBeLessThanOrEqual(1);
      if (outbox.state.lostWindows === 0) expect(missing.length).toBeLessThanOrEqual(1);
    },
  );

  it.each([
    ['an empty CURRENT', async () => writeFile(await levelFile('CURRENT'), '')],
    ['a torn manifest', async () => writeFile(await levelFile('MANIFEST'), Buffer.alloc(50, 7))],
    ['a manifest that is gone', async () => rm(await levelFile('MANIFEST'))],
  ])('repairs %s and loses nothing', async (_name, damage) => {
    const before = await open();
    for (let i = 0; i < 50; i++) await put(before, 'window', `w${i}`);
    await before.close();
    await damage();
    const after = await open();
    expect(await all(after)).toHaveLength(50);
    expect(after.state).toMatchObject({ waiting: 50, lostWindows: 0 });
    await put(after, 'window', 'w50');
    expect((await all(after)).at(-1)).toBe('window w50');
  });

  /**
   * More than LevelDB keeps in one log, and so two table files: a table is written beside, and may not be there yet when the
   * outbox closes, but opening it again writes those of all logs before it resolves. Answers the older one, without totals.
   */
  const fillTables = async (): Promise<string> => {
    const outbox = await open({ maxBytes: 100_000_000 });
    for (let i = 0; i < 60; i++) await outbox.put('window', Buffer.alloc(100_000, i));
    await outbox.close();
    await (await open({ maxBytes: 100_000_000 })).close();
    const tables = (await readdir(folder)).filter((name) => name.endsWith('.ldb')).toSorted();
    expect(tables.length).toBeGreaterThan(1);
    return join(folder, tables[0] ?? 'missing');
  };

  it('counts what went with a table file that is gone', async () => {
    await rm(await fillTables());
    const after = await open({ maxBytes: 100_000_000 });
    expect(after.state.waiting).toBe((await all(after)).length);
    expect(after.state.lostWindows).toBe(60 - after.state.waiting);
    expect(after.state.lostWindows).toBeGreaterThan(0);
  });

  it('repairs a damaged block that it meets while it runs, and counts the loss', async () => {
    const path = await fillTables();
    const table = await readFile(path);
    await writeFile(path, table.fill(9, 20, 200));
    const outbox = await open({ maxBytes: 100_000_000 });
    await expect(readAll(outbox)).rejects.toMatchObject({ code: 'outbox-unwritable' });
    await put(outbox, 'event', 'e1');
    const found = await all(outbox);
    expect(found[0]).toBe('event e1');
    expect(outbox.state.waiting).toBe(found.length);
    expect(outbox.state.lostWindows).toBe(60 - (found.length - 1));
    expect(outbox.state.lostWindows).toBeGreaterThan(0);
  });

  it('counts at least one loss when the damage took the counters too', async () => {
    await put(await open(), 'window', 'w1');
    await opened.splice(0)[0]?.close();
    for (const file of await readdir(folder)) if (file !== 'LOCK') await rm(join(folder, file));
    await writeFile(join(folder, 'CURRENT'), 'MANIFEST-000002\n');
    expect((await open()).state).toEqual({ waiting: 0, bytes: 0, lostWindows: 1, lostEvents: 0 });
  });

  it('sets aside what cannot be repaired, once and again, and goes on', async () => {
    for (let time = 1; time <= 2; time++) {
      await put(await open(), 'window', `w${time}`);
      await opened.splice(0)[0]?.close();
      // LevelDB's repair cannot put its file where a folder is.
      await rm(join(folder, 'CURRENT'));
      await mkdir(join(folder, 'CURRENT'));
      const after = await open();
      expect(await readdir(`${folder}.corrupt`)).toContain('CURRENT');
      expect(after.state).toEqual({ waiting: 0, bytes: 0, lostWindows: 1, lostEvents: 0 });
      await put(after, 'window', 'w');
      expect(await all(after)).toEqual(['window w']);
      await opened.splice(0)[0]?.close();
    }
  });

  it('says that its folder is read-only, and touches nothing', async () => {
    await put(await open(), 'window', 'w1');
    await opened.splice(0)[0]?.close();
    const parent = join(folder, '..');
    // root writes anywhere: only a process without that capability sees the fault.
    const asNobody = ['setpriv', '--reuid=65534', '--clear-groups'];
    const usable = spawnSync(asNobody[0] ?? '', [...asNobody.slice(1), 'true']).status === 0;
    await chmod(parent, 0o755);
    await chmod(folder, 0o755);
    if (!usable) return;
    const child = spawn(asNobody[0] ?? '', [...asNobody.slice(1), process.execPath, writer, folder], { stdio: 'pipe' });
    children.push(child);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await once(child, 'close');
    expect(stderr).toContain('outbox-unwritable');
    expect(await all(await open())).toEqual(['window w1']);
  });

  it('counts what a full disk does not take, and goes on when there is room again', async () => {
    // A file-size limit stands for the full disk: write(2) fails in the middle of LevelDB's log.
    const limited = ['bash', '-c', 'trap "" XFSZ; ulimit -S -f 80; exec "$@"', 'bash'];
    const lines = await fill((sofar, pid) => {
      const failed = sofar.filter((line) => line.startsWith('failed')).length;
      if (failed === 3 && sofar.at(-1)?.startsWith('failed')) {
        const [command, ...limits] = ['prlimit', '--pid', String(pid), '--fsize=unlimited:unlimited'];
        spawnSync(command, limits);
      }
      return failed >= 3 && sofar.at(-1)?.startsWith('put') === true;
    }, limited);
    const failures = lines.filter((line) => line.startsWith('failed'));
    expect(new Set(failures)).toEqual(new Set(['failed outbox-unwritable']));
    // Behind the line at which it was killed others may have come, a removal too.
    const last = lines.findLast((line) => line.startsWith('put'))?.split(' ')[1] ?? '';
    const outbox = await open({ maxBytes: 20_000 });
    const found = await all(outbox);
    expect(found.length).toBe(outbox.state.waiting);
    expect(found.some((text) => text.startsWith(`window ${last}.`))).toBe(true);
    // Full or failed: nothing goes uncounted.
    expect(outbox.state.lostWindows).toBeGreaterThanOrEqual(failures.length);
  });
});
