import { readFileSync } from 'node:fs';

/** Process ids of a process's children. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Process ids of an agent's runners, the oldest first. What describes the machine is a child of it too, for a while. */
export function runnersOf(pid: number): readonly number[] {
  return childrenOf(pid).filter((child) => /\/[a-z-]*runner[a-z-]*\.js/.test(commandOf(child)));
}

/** The command line of a process; empty when it has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
