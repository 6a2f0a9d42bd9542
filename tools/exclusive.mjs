// One at a time: `npm test` and `npm run demo` started together must not install or build into each other's feet.

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Whether a process with this id runs on this machine (another user's counts as running). */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The pid in a lock file; undefined when there is no lock. */
function holderOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes the lock if nobody has it. `link` fails when the name exists, and the name never shows without its content. */
function tryTake(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a dead process's lock; when another waiter was quicker and its new lock moved, that one is put back. */
function removeDead(path, pid) {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (holderOf(aside) !== pid) linkSync(aside, path);
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding the lock file `path`; waits as long as its holder lives, and says once that it waits.
 * A lock left by a process that died is taken over.
 */
export async function exclusively(path, work, say = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  let hasSaid = false;
  while (!tryTake(path)) {
    const holder = holderOf(path);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      removeDead(path, holder);
      continue;
    }
    if (!hasSaid) say(`waiting for process ${holder}, which is installing or building here`);
    hasSaid = true;
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
