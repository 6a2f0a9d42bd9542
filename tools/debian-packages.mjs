// Installs Debian packages that are no npm packages (chromium for browser tests, mosquitto for portability tests).
//
//   node tools/debian-packages.mjs NAME…
//
// Exit codes: 0 all there; 3 cannot install here (not root, or no apt-get): the message names the packages; 1 apt failed.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runChild, seconds } from './run-child.mjs';

/** Exit code for "a person has to do it". */
export const cannotInstall = 3;

/** A Debian package name (Debian Policy 5.6.1), so that nothing becomes an option of apt-get. */
const packageName = /^[a-z0-9][a-z0-9+.-]+$/;

function isInstalled(name) {
  const found = spawnSync('dpkg-query', ['--show', `--showformat=\${db:Status-Status}`, name], { encoding: 'utf8' });
  return found.status === 0 && found.stdout === 'installed';
}

function hasApt() {
  return spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}

async function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return runChild('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
    env,
    stillMs: 15_000,
    what: `apt-get ${args[0]}`,
  });
}

/** Installs what is missing of `names`; answers an exit code as described above. */
export async function ensureDebianPackages(names, say = (text) => console.log(`debian packages: ${text}`)) {
  const wrong = names.find((name) => !packageName.test(name));
  if (wrong !== undefined) {
    say(`"${wrong}" is not a Debian package name`);
    return 2;
  }
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return 0;
  const list = missing.join(' ');
  if (!hasApt() || process.getuid?.() !== 0) {
    say(`${list} is needed and not installed. On Debian: sudo apt-get install ${list}`);
    return cannotInstall;
  }
  say(`installing ${list}`);
  const startedMs = performance.now();
  const install = () => aptGet('install', '--yes', '--no-install-recommends', ...missing);
  // Old package lists name versions that the mirror no longer has: fetch new ones only when the first try fails.
  const code = (await install()) === 0 || ((await aptGet('update')) === 0 && (await install()) === 0) ? 0 : 1;
  say(
    code === 0 ? `installed ${list} in ${seconds(performance.now() - startedMs)}` : `apt-get could not install ${list}`,
  );
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  if (names.length === 0) console.error('usage: node tools/debian-packages.mjs NAME…');
  process.exitCode = names.length === 0 ? 2 : await ensureDebianPackages(names);
}
