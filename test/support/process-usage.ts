import { readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second wherever Node runs (USER_HZ). */
const tickMs = 10;

/** CPU that a process has used since it started, in milliseconds (proc(5), stat: utime and stime). */
export function cpuMillis(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; fields 14 and 15 are the 12th and 13th behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Memory of a process in bytes, what it shares with others divided among them (proc(5), smaps_rollup: Pss). */
export function proportionalBytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`no Pss in /proc/${pid}/smaps_rollup`);
  return Number(kilobytes) * 1024;
}
