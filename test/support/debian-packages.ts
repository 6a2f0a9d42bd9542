import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../tools/debian-packages.mjs', import.meta.url));

/** Whether these packages are there; installs them where that may be, and else says in one line that a person has to. */
export function hasDebianPackages(names: readonly string[]): boolean {
  if (names.length === 0) return true;
  return spawnSync(process.execPath, [script, ...names], { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}
