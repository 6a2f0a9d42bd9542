import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const cliMain = fileURLToPath(import.meta.resolve('@bellwether/control-plane/cli/main'));

/** Runs `bellwether serve` on a data folder to its end: a server that cannot start, and what it says. */
export async function runServer(
  data: string,
  options: readonly string[] = [],
): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const free = ['--http-port', '--mqtt-port'].flatMap((option) => (options.includes(option) ? [] : [option, '0']));
  const args = ['serve', '--data', data, '--log-level', 'silent', ...free, ...options];
  const child = spawn(process.execPath, [cliMain, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [exitCode]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stderr };
}
