import { readFileSync } from 'node:fs';
import type { RunnerUsage } from './engine.js';

/** Linux counts processor time of processes in ticks of 10 ms, on every architecture (USER_HZ). */
const microsPerTick = 10_000;

/** What a process has used, from /proc; undefined when it is gone. */
export function readProcessUsage(pid: number): Omit<RunnerUsage, 'computeMicros'> | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    // Fields 14 and 15, proc(5); the second one is the name in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    // In kB: `statm` counts pages, whose size differs between machines.
    const rssKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    return { cpuMicros: ticks * microsPerTick, rssBytes: rssKb * 1024 };
  } catch {
    // ENOENT or ESRCH: it ended before or between the two readings.
    return undefined;
  }
}

/** The user ids of a process (real, effective, saved and of its file accesses), from /proc; empty when it is gone. */
export function readProcessUsers(pid: number): number[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return /^Uid:\s+(.+)$/m.exec(status)?.[1]?.split('\t').map(Number) ?? [];
  } catch {
    // ENOENT or ESRCH: it ended.
    return [];
  }
}
