// The test suites: which folders of test/ each one is, and how long it may take. Read by vitest.config.mjs and test.mjs.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-child.mjs';

/**
 * In the order they run. Budgets are for the 2-core reference machine, and together with build and
 * check they stay under ten minutes; the rule is in tools/test.mjs. `longest`: the files
 * that each suite begins with, so that both cores end at about the same time.
 */
export const suites = {
  unit: { folders: ['shared', 'agent', 'control-plane', 'architecture', 'examples', 'tools'], budgetSeconds: 60 },
  integration: {
    folders: ['integration', 'firmware-images'],
    budgetSeconds: 100,
    longest: ['key-changes', 'production-keys', 'agent-start', 'agent-life', 'server-data', 'publish-cli', 'canary'],
  },
  attacks: {
    folders: ['attacks'],
    budgetSeconds: 75,
    longest: ['mutant-documents', 'wire', 'people', 'parsing-artefacts', 'tuf-signatures', 'tuf-versions', 'artefact'],
  },
  scenarios: { folders: ['scenarios'], budgetSeconds: 60, longest: ['drift', 'several-models', 'simulated-fleet'] },
  // By itself: whether a release is slower than another is told from a machine that does nothing else.
  demo: { folders: ['demo'], budgetSeconds: 90 },
  faults: { folders: ['faults'], budgetSeconds: 60, longest: ['failing-disk', 'killed-agent', 'killed-server'] },
  browser: { folders: ['browser'], budgetSeconds: 60, debianPackages: ['chromium'], longest: ['console'] },
};

/** The compiled test files of a suite whose path contains one of the patterns (all, when there are none). */
export function testFilesOf(name, patterns = []) {
  return suites[name].folders
    .map((folder) => join('test', 'dist', folder))
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)));
}
