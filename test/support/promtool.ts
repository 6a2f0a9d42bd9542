import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../tools/debian-program.mjs', import.meta.url));

/** Where promtool is; undefined where it cannot be had, which is said in one line. */
export function promtool(): string | undefined {
  if (spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0) return 'promtool';
  const args = [script, 'prometheus', 'usr/bin/promtool'];
  const { status, stdout } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** What `promtool check …` says of a text: nothing, when it is content. */
export function promtoolFaults(program: string, check: readonly string[], text: string): string {
  const { status, stdout, stderr } = spawnSync(program, ['check', ...check], { input: text, encoding: 'utf8' });
  return status === 0 && stderr === '' ? '' : `${status}: ${stdout}${stderr}`;
}
