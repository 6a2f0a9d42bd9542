// What a first run has to do, decided from what is on disk. No child process and no network here: test/tools tests it.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const minimum = { major: 20, minor: 19 };

/** Why this Node cannot run Bellwether, or undefined. `version` as in `process.versions.node`. */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > minimum.major || (major === minimum.major && minor >= minimum.minor)) return undefined;
  return `Bellwether needs Node ${minimum.major}.${minimum.minor} or newer; this is Node ${version}. See https://nodejs.org/`;
}

function packagesOf(path) {
  try {
    const { packages } = JSON.parse(readFileSync(path, 'utf8'));
    return typeof packages === 'object' && packages !== null ? packages : undefined;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Why dependencies have to be installed in the project `root`, or undefined when all of package-lock.json is there.
 * Compares what npm wrote down at the end of its last install (node_modules/.package-lock.json) with package-lock.json
 * by content, not by time: a git checkout touches files, and an interrupted install leaves new folders without a record.
 */
export function installReason(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  if (wanted === undefined) return 'package-lock.json is missing or unreadable';
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'an earlier install did not finish';
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue; // the root and the workspaces themselves
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional === true || entry.devOptional === true) continue; // another platform's binary
      return `${path} is not installed`;
    }
    if (found.version !== entry.version) {
      return `${path} is ${found.version ?? 'a link'}, package-lock.json asks for ${entry.version ?? 'a link'}`;
    }
    if (!existsSync(join(root, path, 'package.json'))) return `${path} is gone`;
  }
  return undefined;
}

/**
 * The folder to give node-gyp as `nodedir`, when Node's own headers lie beside this Node: then better-sqlite3 compiles
 * without fetching them, on a closed network and with an empty HOME too. Undefined: let node-gyp fetch.
 */
export function nodedirFor(execPath) {
  const prefix = dirname(dirname(execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? prefix : undefined;
}

/**
 * The environment for npm: never CUDA (onnxruntime-node's postinstall would fetch it, and fails the whole install on a
 * closed network), and Node's headers where they are. What the person has set already wins.
 */
export function installEnvironment(environment, execPath) {
  const nodedir = nodedirFor(execPath);
  return {
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    ...(nodedir === undefined ? {} : { npm_config_nodedir: nodedir }),
    ...environment,
  };
}
