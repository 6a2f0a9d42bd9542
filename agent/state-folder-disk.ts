import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import { takeLock } from './state-lock-disk.js';

export type StateFolderErrorCode = 'state-locked' | 'state-read-only' | 'state-full' | 'state-unusable';

/** The state folder cannot be had. */
export class StateFolderError extends CodedError<StateFolderErrorCode> {}

/** Makes the state folder and takes it for this process; answers how to give it back. Throws StateFolderError. */
export async function takeStateFolder(folder: string, pid: number): Promise<() => Promise<void>> {
  try {
    await mkdir(folder, { recursive: true });
    const lock = await takeLock(folder, pid);
    if (lock.kind === 'taken') return lock.giveBack;
    throw new StateFolderError('state-locked', `the agent with process id ${lock.pid} runs on ${folder}`);
  } catch (cause) {
    throw asStateFolderError(folder, cause);
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
  // Of a link that cannot be made `path` is its target, which names no place here.
  const path = 'dest' in cause && typeof cause.dest === 'string' ? cause.dest : cause.path;
  return isWithin(path, folder) || isWithin(folder, path);
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith('../');
}
