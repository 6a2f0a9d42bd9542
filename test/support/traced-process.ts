import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Whether system calls can be watched here: strace is there (`node tools/debian-packages.mjs strace`) and may trace. */
export const canTrace = spawnSync('strace', ['-e', 'trace=none', 'true'], { stdio: 'ignore' }).status === 0;

/** System calls of a process that ran until it had printed some lines, in their order, oldest first. */
export async function traceUntil(
  script: string,
  args: readonly string[],
  isLast: (line: string) => boolean,
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-trace-'));
  const output = join(folder, 'calls');
  try {
    const options = ['-f', '-qq', '-e', 'trace=fsync,fdatasync,write', '-s', '40', '-o', output];
    const child = spawn('strace', [...options, process.execPath, script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const ended = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) if (isLast(line)) break;
    // strace and what it traces: it is the leader of a group of its own.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    return (await readFile(output, 'utf8')).split('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The marks that were printed without a completed fsync or fdatasync since the mark before. */
export function marksWithoutSync(calls: readonly string[], mark: RegExp): readonly string[] {
  let isSynced = false;
  const bare: string[] = [];
  for (const call of calls) {
    // A call that waits is told in two lines; its end is what counts.
    if (/\bf(?:data)?sync\b.*= 0$/.test(call)) isSynced = true;
    const found = /write\(1, "/.test(call) ? mark.exec(call)?.[0] : undefined;
    if (found === undefined) continue;
    if (!isSynced) bare.push(found);
    isSynced = false;
  }
  return bare;
}
