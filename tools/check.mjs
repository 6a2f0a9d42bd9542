// `npm run check`: everything that must hold before tests run. Every step runs, so that one run names every problem.
//
//   node tools/check.mjs

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { firstRun } from './first-run.mjs';
import { root, runChild, seconds } from './run-child.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const node = (...args) => runChild(process.execPath, args);

/** The steps, in order: cheap ones first. Formatting is repaired by `npm run format`. */
const steps = {
  format: () => runChild(bin('biome'), ['check', '--enforce-assist=true', '--max-diagnostics=30', '.']),
  types: () => build(),
  lint: () => runChild(bin('oxlint'), ['--type-aware', '--deny-warnings', '--report-unused-disable-directives', '.']),
  'import rules': () => node(bin('vitest'), 'run', '--project', 'unit', '--passWithNoTests', 'test/dist/architecture/'),
  'dead code': () => runChild(bin('knip'), ['--no-progress', '--no-config-hints']),
};

/** Runs every step except those named in `without`; answers the names of the steps that failed. */
export async function check({ without = [] } = {}) {
  const failed = [];
  const lines = [];
  for (const [name, run] of Object.entries(steps)) {
    if (without.includes(name)) continue;
    console.log(`\n── ${name}`);
    const startedMs = performance.now();
    const code = await run();
    if (code !== 0) failed.push(name);
    lines.push(`  ${code === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(14)} ${seconds(performance.now() - startedMs)}`);
  }
  console.log(`\ncheck:\n${lines.join('\n')}`);
  return failed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const installed = await firstRun({ installOnly: true });
  process.exitCode = installed === 0 ? Math.min(1, (await check()).length) : installed;
}
