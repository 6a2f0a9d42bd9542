#!/usr/bin/env node
// Puts together what goes on a board: the built agent, the packages that it runs on, and nothing for other machines.
//
//   node firmware-images/assemble.mjs --arch arm64 --out build/bellwether-arm64
//
// The result is /opt/bellwether of an image: agent/, shared/, node_modules/. Node itself (>= 20.19, glibc >= 2.28) is the
// image's business. No compiler and no network is needed on the board: every native part is prebuilt.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const architectures = ['arm64', 'x64'];

/** Files that a program does not need to run. */
const idle = /\.(?:map|md|d\.[cm]?ts|tsbuildinfo)$|(?:^|\/)(?:test|tests|docs|example|examples|deps|script)\//;

/** Folders of native code, and the one of them that this architecture needs. */
const natives = [
  { folder: 'onnxruntime-node/bin/napi-v6', keep: (arch) => [`linux/${arch}`] },
  { folder: 'classic-level/prebuilds', keep: (arch) => [`linux-${arch}`] },
];

function fail(text) {
  console.error(text);
  process.exit(2);
}

const { values } = parseArgs({ options: { arch: { type: 'string' }, out: { type: 'string' } } });
const { arch = process.arch, out } = values;
if (out === undefined) fail('usage: node firmware-images/assemble.mjs [--arch arm64|x64] --out FOLDER');
if (!architectures.includes(arch))
  fail(`${arch} is not one of ${architectures.join(', ')}: onnxruntime has no build for it`);
if (existsSync(out) && readdirSync(out).length > 0) fail(`${out} is not empty`);
if (!existsSync(join(root, 'agent', 'dist', 'main.js'))) fail('the agent is not built: npm run build');

copyPackages();
for (const { folder, keep } of natives) prune(join(out, 'node_modules', folder), keep(arch));
for (const project of ['agent', 'shared']) copyProject(project);
mkdirSync(join(out, 'node_modules', '@bellwether'), { recursive: true });
symlinkSync('../../shared', join(out, 'node_modules', '@bellwether', 'shared'));
console.log(`${out}: ${(sizeOf(out) / 1e6).toFixed(0)} MB for linux/${arch}`);

/** The agent's packages as npm knows them, without those of development. */
function copyPackages() {
  const list = ['ls', '--workspace', 'agent', '--omit=dev', '--all', '--parseable'];
  const text = execFileSync('npm', list, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const inside = `node_modules${sep}`;
  for (const folder of text.split('\n').map((line) => relative(root, line))) {
    const isForeign = folder.startsWith(inside) && !folder.includes('@bellwether') && !folder.includes('@types');
    if (isForeign) copyTree(join(root, folder), join(out, folder));
  }
}

function copyProject(project) {
  copyTree(join(root, project, 'dist'), join(out, project, 'dist'));
  cpSync(join(root, project, 'package.json'), join(out, project, 'package.json'));
  if (project === 'agent')
    cpSync(join(root, 'agent', 'bellwether-agent.mjs'), join(out, 'agent', 'bellwether-agent.mjs'));
}

/** A package's own files; packages inside it come by themselves. */
function copyTree(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const isWanted = (path) => {
    const name = relative(from, path);
    return !name.split(sep).includes('node_modules') && !(name !== '' && idle.test(name.replaceAll(sep, '/')));
  };
  cpSync(from, to, { recursive: true, filter: isWanted });
}

/** Keeps the named folders below `folder` and removes what lies beside them. */
function prune(folder, kept, below = '') {
  for (const entry of readdirSync(join(folder, below))) {
    const path = below === '' ? entry : `${below}/${entry}`;
    if (kept.includes(path)) continue;
    if (kept.some((each) => each.startsWith(`${path}/`))) prune(folder, kept, path);
    else rmSync(join(folder, path), { recursive: true });
  }
}

function sizeOf(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
