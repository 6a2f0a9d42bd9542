import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import { Compile, type Static, Type } from '@bellwether/shared/schema';

export type StateFolderErrorCode = 'state-locked' | 'state-read-only' | 'state-full' | 'state-unusable';

/** The state folder cannot be had. */
export class StateFolderError extends CodedError<StateFolderErrorCode> {}

/** Who has the folder: a process id alone may have been given to somebody else since. */
const Holder = Type.Object({ pid: Type.Integer({ minimum: 1 }), startedTicks: Type.String() });
type Holder = Static<typeof Holder>;
const compiled = Compile(Holder);

/** Makes the state folder and takes it for this process; answers how to give it back. Throws StateFolderError. */
export async function takeStateFolder(folder: string, pid: number): Promise<() => Promise<void>> {
  const path = join(folder, 'agent.lock');
  const own = `${path}.${pid}`;
  try {
    await mkdir(folder, { recursive: true });
    const holder: Holder = { pid, startedTicks: (await startedTicks(pid)) ?? '0' };
    await writeFile(own, JSON.stringify(holder), { mode: 0o644 });
    await takeLock(own, path, folder);
    return () => rm(path, { force: true });
  } catch (cause) {
    throw asStateFolderError(folder, cause);
  } finally {
    await rm(own, { force: true }).catch(() => {
      // A read-only folder has no such file; the error above says so.
    });
  }
}

/** What Node says about a folder that cannot be written, in our codes; any other error, or one about another place, as it is. */
export function asStateFolderError(folder: string, cause: unknown): unknown {
  if (!concerns(folder, cause)) return cause;
  const text = `${folder}: ${messageOf(cause)}`;
  switch (codeOf(cause)) {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new StateFolderError('state-read-only', `cannot write the state folder ${text}`, { cause });
    case 'ENOSPC':
    case 'EDQUOT':
      return new StateFolderError('state-full', `no space left in the state folder ${text}`, { cause });
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EIO':
      return new StateFolderError('state-unusable', `cannot use the state folder ${text}`, { cause });
    default:
      return cause;
  }
}

/** Errors of a file that is open name no path: what is written at a start lies in the folder. */
function concerns(folder: string, cause: unknown): boolean {
  if (!(cause instanceof Error) || !('path' in cause) || typeof cause.path !== 'string') return true;
  return isWithin(cause.path, folder) || isWithin(folder, cause.path);
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith('../');
}

/** link(2) refuses a name that is taken: of two agents that start at once, one gets it. */
async function takeLock(own: string, path: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await link(own, path);
      return;
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
    }
    const holder = await readHolder(path);
    if (holder !== undefined && (await startedTicks(holder.pid)) === holder.startedTicks) {
      throw new StateFolderError('state-locked', `the agent with process id ${holder.pid} runs on ${folder}`);
    }
    await rm(path, { force: true });
  }
  throw new StateFolderError('state-locked', `another agent is starting on ${folder}`);
}

/** Undefined for a lock that a power cut has torn, or that is gone by now. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return decodeDocument(compiled, await readFile(path), { what: path, maxBytes: 4096 });
  } catch {
    // Whatever it is, nobody who lives wrote it: a lock gets its name with its content in it.
    return undefined;
  }
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
