import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** The argument of a runner that nobody waits for yet. */
export const yieldArgument = 'yield';

/** CAP_SYS_NICE, capability.h. */
const niceCapability = 1n << 23n;

/**
 * Lets every thread of this process yield to whatever else wants the processor, until the returned function takes that
 * back. Nothing happens where it could not be taken back: without the capability, a limit (RLIMIT_NICE, systemd's
 * `LimitNICE=`) must allow the priority that the process has now.
 */
export function yieldProcessor(): () => void {
  const own = getPriority();
  const lowest = constants.priority.PRIORITY_LOW;
  if (own >= lowest || !mayReturnTo(own)) return () => {};
  setThreads(lowest);
  return () => setThreads(own);
}

/** setpriority(2) is about one thread; those that it starts have its priority, so that one more may come while they are gone through. */
function setThreads(priority: number): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const name of readdirSync('/proc/self/task')) {
      try {
        if (getPriority(Number(name)) === priority) continue;
        setPriority(Number(name), priority);
        changed = true;
      } catch (error) {
        // A thread that has ended meanwhile.
        if (!isGone(error)) throw error;
      }
    }
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR' && error.message.includes('ESRCH')
  );
}

function mayReturnTo(priority: number): boolean {
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    return mayTake(priority, status, readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    // No /proc: nobody can tell.
    return false;
  }
}

/** Whether a process may take a priority above its own, by the text of its `status` and `limits` in /proc (proc(5), getrlimit(2)). */
export function mayTake(priority: number, status: string, limits: string): boolean {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  if ((BigInt(`0x${capabilities}`) & niceCapability) !== 0n) return true;
  const limit = /^Max nice priority\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '0';
  // The lowest nice value is 20 less the limit.
  return limit === 'unlimited' || 20 - Number(limit) <= priority;
}
