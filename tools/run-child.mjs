// Starts a child process and waits for it; the terminal is shared, so a person sees what it says.

import { spawn } from 'node:child_process';

/** The project's folder. */
export const root = new URL('..', import.meta.url).pathname.replace(/\/$/, '');

/**
 * Runs a command in the project's folder and answers its exit code (128 + n for a signal).
 * `stillMs` > 0: while the child works, a line every so often where the terminal shows no spinner of its own.
 */
export function runChild(command, args, { env = process.env, stillMs = 0, what = command } = {}) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const still =
      stillMs > 0 && !process.stdout.isTTY
        ? setInterval(() => console.log(`  … ${what}, ${seconds(performance.now() - startedMs)}`), stillMs)
        : undefined;
    child.once('error', (error) => {
      clearInterval(still);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearInterval(still);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Milliseconds for people: `0.6 s`, `74 s`. */
export function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
