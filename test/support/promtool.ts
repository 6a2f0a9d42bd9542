import { spawnSync } from 'node:child_process';

/** True where Debian's `prometheus` is installed; the tests do not install it, because it would run a service from then on. */
export function hasPromtool(): boolean {
  return spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What `promtool check …` says of a text: nothing, when it is content. */
export function promtoolFaults(check: readonly string[], text: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', ...check], { input: text, encoding: 'utf8' });
  return status === 0 && stderr === '' ? '' : `${status}: ${stdout}${stderr}`;
}
