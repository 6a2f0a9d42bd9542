// Unpacks one program of a Debian package without installing it: packages of servers would run them from then on.
//
//   node tools/debian-program.mjs PACKAGE PATH        prints where the program is, e.g. prometheus usr/bin/promtool
//
// It goes to .bellwether/debian/PACKAGE. Exit codes: 0 it is there; 3 it cannot be had here: the message names the package.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-child.mjs';

const [name = '', path = ''] = process.argv.slice(2);
const folder = join(root, '.bellwether', 'debian', name);
const program = join(folder, path);

if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name) || path === '') {
  console.error('usage: node tools/debian-program.mjs PACKAGE PATH');
  process.exitCode = 2;
} else if (existsSync(program) || unpack()) {
  console.log(program);
} else {
  console.error(`debian packages: ${name} could not be had. On Debian: sudo apt-get install ${name}`);
  process.exitCode = 3;
}

function unpack() {
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  console.error(`debian packages: fetching ${name} for ${path}`);
  const run = (command, ...args) => spawnSync(command, args, { cwd: half, stdio: 'ignore' }).status === 0;
  const download = () => run('apt-get', '-qq', '-o', 'APT::Sandbox::User=root', 'download', name);
  const isRoot = process.getuid?.() === 0;
  // Old package lists name versions that the mirror no longer has.
  if (!download() && !(isRoot && run('apt-get', '-qq', 'update') && download())) return false;
  const archive = readdirSync(half).find((file) => file.endsWith('.deb'));
  if (archive === undefined || !run('dpkg-deb', '--extract', archive, 'x') || !existsSync(join(half, 'x', path)))
    return false;
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(half, 'x'), folder);
  rmSync(half, { recursive: true, force: true });
  return true;
}
