// `npm test [-- PATTERN…]`: first run, check, then all tests, suite by suite. Works as the first command on a fresh clone.
//
// With patterns only the build and the test files whose path contains one of them run: no check, no budgets.
// The last line is `N passed, N failed, N skipped`, alone on its line, for machines. It counts tests, plus one failure
// for each step of the check that failed and for each suite that broke its budget or died.
//
// Budgets. A suite that grows slow stops being run, so each has one (tools/suites.mjs, for the 2-core
// reference machine). Time alone cannot tell a slow suite from a slow or busy machine, so: over the budget
// is a warning, over twice the budget a failure. A suite that is really too slow crosses 2x on any machine soon enough;
// a machine less than half as fast as the reference sets BELLWETHER_TEST_SLOWDOWN=3 (budgets times 3), in the open.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { check } from './check.mjs';
import { ensureDebianPackages } from './debian-packages.mjs';
import { firstRun } from './first-run.mjs';
import { root, runChild, seconds } from './run-child.mjs';
import { suites, testFilesOf } from './suites.mjs';

const slowdown = Math.max(1, Number(process.env.BELLWETHER_TEST_SLOWDOWN ?? 1) || 1);
const patterns = process.argv.slice(2);

/** What vitest's JSON report says; a suite that died before writing it counts as one failure. */
function totalsOf(file, code) {
  if (!existsSync(file)) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  // A file that cannot be loaded fails without a failing test; an unhandled rejection fails the run without either.
  const brokenFiles = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function runSuite(name) {
  const file = join(root, '.bellwether', 'test-reports', `${name}.json`);
  rmSync(file, { force: true });
  console.log(`\n── ${name} tests`);
  const startedMs = performance.now();
  const vitest = join(root, 'node_modules', '.bin', 'vitest');
  const options = ['--project', name, '--reporter=default', '--reporter=json'];
  const code = await runChild(process.execPath, [vitest, 'run', ...options, `--outputFile.json=${file}`, ...patterns]);
  return { name, tookMs: performance.now() - startedMs, ...totalsOf(file, code) };
}

/** Whether the Debian packages that a suite needs are there; installs them when it may. */
async function hasPackages(name) {
  return (await ensureDebianPackages(suites[name].debianPackages ?? [])) === 0;
}

/** A suite whose packages a person has to install: its files count as skipped, but in CI nothing is skipped in silence. */
function notRun(name, files) {
  const inCi = process.env.CI !== undefined && process.env.CI !== 'false';
  console.log(`\n── ${name} tests: not run, see the line above`);
  return { name, tookMs: 0, passed: 0, failed: inCi ? files : 0, skipped: inCi ? 0 : files };
}

/** How a suite's time compares with its budget; see the rule at the top. */
function budgetVerdict({ name, tookMs }) {
  if (patterns.length > 0) return '';
  const budgetMs = suites[name].budgetSeconds * 1000 * slowdown;
  const budget = `budget ${seconds(budgetMs)}`;
  if (tookMs > 2 * budgetMs) return `FAILED: more than twice its ${budget}`;
  return tookMs > budgetMs ? `WARNING: over its ${budget}` : budget;
}

async function buildOnly() {
  return (await build()) === 0 ? [] : ['types'];
}

const installed = await firstRun({ installOnly: true });
if (installed !== 0) {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(installed);
}
// The unit suite holds the import rules: no need to run them twice.
const failedSteps = patterns.length > 0 ? await buildOnly() : await check({ without: ['import rules'] });

const results = [];
mkdirSync(join(root, '.bellwether', 'test-reports'), { recursive: true });
for (const name of Object.keys(suites)) {
  const files = testFilesOf(name, patterns);
  if (files.length > 0) results.push((await hasPackages(name)) ? await runSuite(name) : notRun(name, files.length));
}
if (results.length === 0) console.log(`\nno test file's path contains ${patterns.join(' or ')}`);

const total = { passed: 0, failed: failedSteps.length + (results.length === 0 ? 1 : 0), skipped: 0 };
console.log('\ntests:');
for (const suite of results) {
  const verdict = budgetVerdict(suite);
  total.passed += suite.passed;
  total.failed += suite.failed + (verdict.startsWith('FAILED') ? 1 : 0);
  total.skipped += suite.skipped;
  const counts = `${suite.passed} passed, ${suite.failed} failed, ${suite.skipped} skipped`.padEnd(36);
  console.log(`  ${suite.name.padEnd(12)} ${seconds(suite.tookMs).padStart(6)}  ${counts} ${verdict}`);
}
if (failedSteps.length > 0) console.log(`  check failed: ${failedSteps.join(', ')}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
