// Makes a fresh clone ready: checks Node, installs what package-lock.json asks for, builds what is stale.
// Plain Node without dependencies, safe to run at any time and by several processes at once.
//
//   node tools/first-run.mjs [--install-only]

import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { exclusively } from './exclusive.mjs';
import { installEnvironment, installReason, nodeProblem } from './install-plan.mjs';
import { root, runChild, seconds } from './run-child.mjs';

const say = (text) => console.log(`first run: ${text}`);

/** npm without adverts and without warnings about other people's package.json; errors stay. */
const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

/** npm itself: the one that runs us, else the one in the PATH. */
function npmCommand() {
  const running = process.env.npm_execpath;
  return running !== undefined && basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm'];
}

async function npm(args, what) {
  const [command, ...before] = npmCommand();
  const env = installEnvironment(process.env, process.execPath);
  return runChild(command, [...before, ...args, ...quiet], { env, stillMs: 15_000, what });
}

/** Whether better-sqlite3's binary is there and fits this Node: a partial install or another Node leaves one that does not. */
function isSqliteUsable() {
  const require = createRequire(join(root, 'control-plane', 'package.json'));
  try {
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false; // the next step compiles it, and npm says why when it cannot
  }
}

async function install() {
  const reason = installReason(root);
  if (reason !== undefined) {
    const startedMs = performance.now();
    say(`installing dependencies (${reason}); without a prebuilt binary better-sqlite3 compiles for about a minute`);
    // `install --no-save`, not `ci`: it keeps what is right already, and never rewrites package-lock.json.
    const code = await npm(['install', '--no-save'], 'npm installs');
    if (code !== 0) {
      say('npm could not install the dependencies; its messages are above.');
      say(
        'If better-sqlite3 did not compile: it needs python3, make and g++ (node tools/debian-packages.mjs g++ make python3).',
      );
      return code;
    }
    say(`installed in ${seconds(performance.now() - startedMs)}`);
  }
  if (!isSqliteUsable()) {
    say(`building better-sqlite3 for Node ${process.versions.node}, about a minute`);
    const code = await npm(['rebuild', 'better-sqlite3'], 'npm builds better-sqlite3');
    if (code !== 0 || !isSqliteUsable()) {
      say(
        'better-sqlite3 does not load; it needs python3, make and g++ (node tools/debian-packages.mjs g++ make python3).',
      );
      return code === 0 ? 1 : code;
    }
  }
  return 0;
}

/** Installs, and builds unless `installOnly`; answers the exit code. */
export async function firstRun({ installOnly = false } = {}) {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) {
    console.error(problem);
    return 1;
  }
  const code = await exclusively(join(root, '.bellwether', 'install.lock'), install, say);
  if (code !== 0 || installOnly) return code;
  return build({ say });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await firstRun({ installOnly: process.argv.includes('--install-only') });
}
