import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const demo = fileURLToPath(new URL('../../../tools/demo.mjs', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-demo-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The whole story, as whoever types `npm run demo` sees it; it ends with 0 only if all went as promised. */
it('shows what is promised: a good release let in and a bad one taken back on evidence, no request lost, three attacks refused, every window received', async () => {
  const file = join(folder, 'demo.json');
  // Told to stop, the demo ends its processes; a test that is over leaves them behind.
  const { stdout } = await promisify(execFile)(process.execPath, [demo, '--once', '--json', file], {
    timeout: 230_000,
  });
  const summary = JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
  expect(summary).toEqual({
    requests: expect.any(Number) as number,
    failedRequests: 0,
    accuracyBefore: expect.any(Number) as number,
    accuracyAfter: expect.any(Number) as number,
    p50Ms: expect.any(Number) as number,
    p99Ms: expect.any(Number) as number,
    p99SwapMs: expect.any(Number) as number,
    publishToServingMs: expect.any(Number) as number,
    canaryCaughtAfterMs: expect.any(Number) as number,
    canaryRequestsHarmed: expect.any(Number) as number,
    rollbackMs: expect.any(Number) as number,
    falseRollbacks: 0,
    refusals: [
      { attack: 'bit-flip', code: 'blob-digest' },
      { attack: 'unknown-key', code: 'not-listed' },
      { attack: 'old-order', code: 'generation-old' },
    ],
    agentCpuPct: expect.any(Number) as number,
    windowsReceived: expect.any(Number) as number,
    windowsLost: 0,
  });
  expect(summary['requests']).toBeGreaterThan(1000);
  expect(summary['windowsReceived']).toBeGreaterThan(9);
  expect(summary['accuracyAfter']).toBeGreaterThan(summary['accuracyBefore'] ?? 1);
  expect(summary['canaryCaughtAfterMs']).toBeGreaterThan(0);
  expect(summary['rollbackMs']).toBeLessThan(10_000);
  for (const line of [
    'taken back by itself: canary only: answers that are not finite',
    'the server itself refuses such bytes at upload: blob-digest',
    'What was promised',
  ]) {
    expect(stdout).toContain(line);
  }
  // A minute and a half on two cores of their own; evidence comes as fast as the machine answers.
}, 240_000);
