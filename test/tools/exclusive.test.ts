import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exclusively } from '#tools/exclusive.mjs';

let folder = '';
let lock = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-lock-'));
  lock = join(folder, 'deep', 'install.lock');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('lets one work at a time, and tells the other whom it waits for', async () => {
  const events: string[] = [];
  let finishFirst = (): void => undefined;
  const firstMayFinish = new Promise<void>((resolve) => {
    finishFirst = resolve;
  });
  const one = exclusively(lock, async () => {
    events.push('first in');
    await firstMayFinish;
    events.push('first out');
  });
  const two = exclusively(
    lock,
    () => events.push('second in'),
    (text) => {
      events.push(text);
      finishFirst();
    },
  );
  await Promise.all([one, two]);
  const waiting = `waiting for process ${process.pid}, which is installing or building here`;
  expect(events).toEqual(['first in', waiting, 'first out', 'second in']);
});

it('takes over from a process that died', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  await exclusively(lock, () => undefined);
  writeFileSync(lock, String(dead));
  await expect(exclusively(lock, () => 'done')).resolves.toBe('done');
  expect(existsSync(lock)).toBe(false);
});

it('leaves no lock behind when the work fails', async () => {
  await expect(exclusively(lock, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  expect(existsSync(lock)).toBe(false);
});
