import { link, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@bellwether/shared/errors';

/** Ours, and how to give it back; or of a process that lives. */
export type Lock =
  | { readonly kind: 'taken'; readonly giveBack: () => Promise<void> }
  | { readonly kind: 'held'; readonly pid: number };

/** Who has the folder. A process id alone, or one with its start, may belong to somebody else after a boot. */
interface Holder {
  readonly pid: number;
  readonly startedTicks: string;
  readonly bootId: string;
}

/**
 * Takes `agent.lock` in a folder for a process. It is a symbolic link whose target names the holder: made in one step
 * with its content, and without a block of data, so that a full disk does not keep an agent from starting [T-8]. A
 * holder that is gone, by kill -9 or a power cut, is replaced. Rejects with Node's own errors.
 */
export async function takeLock(folder: string, pid: number): Promise<Lock> {
  const path = join(folder, 'agent.lock');
  const own = format({ pid, startedTicks: (await startedTicks(pid)) ?? '0', bootId: await readBootId() });
  for (;;) {
    try {
      await symlink(own, path);
      return { kind: 'taken', giveBack: () => removeOwn(path, own) };
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
    }
    const found = await readTarget(path);
    if (found === undefined) continue;
    const holder = parse(found);
    if (holder !== undefined && (await isAlive(holder))) return { kind: 'held', pid: holder.pid };
    await moveAside(path, found, pid);
  }
}

/**
 * Takes a dead holder's lock away. Of two that judged the same one dead, the slower moves the lock of the faster aside:
 * it sees that by its content, and puts it back. (A third that starts in those microseconds meets the lock of LevelDB.)
 */
async function moveAside(path: string, dead: string, pid: number): Promise<void> {
  const aside = `${path}.${pid}`;
  try {
    await rename(path, aside);
    if ((await readTarget(aside)) !== dead) await link(aside, path);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'EEXIST') throw cause;
  } finally {
    await rm(aside, { force: true });
  }
}

async function removeOwn(path: string, own: string): Promise<void> {
  if ((await readTarget(path)) === own) await rm(path, { force: true });
}

/** Undefined when it is gone; something that is no link, and so no lock of ours, has no holder. */
async function readTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    if (codeOf(cause) === 'EINVAL') return '';
    throw cause;
  }
}

function format({ pid, startedTicks, bootId }: Holder): string {
  return `${pid}:${startedTicks}:${bootId}`;
}

function parse(target: string): Holder | undefined {
  const [pid = '', startedTicks, bootId] = target.split(':');
  if (!/^[1-9][0-9]{0,9}$/.test(pid) || startedTicks === undefined || bootId === undefined) return undefined;
  return { pid: Number(pid), startedTicks, bootId };
}

async function isAlive(holder: Holder): Promise<boolean> {
  return holder.bootId === (await readBootId()) && (await startedTicks(holder.pid)) === holder.startedTicks;
}

/** When a process started, in clock ticks since boot (proc(5), field 22 of stat); undefined when there is no such process. */
async function startedTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    // ENOENT, or ESRCH while it ends.
    return undefined;
  }
}

async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    // A chroot without /proc: then nobody can be shown to be alive, either.
    return 'unknown';
  }
}
