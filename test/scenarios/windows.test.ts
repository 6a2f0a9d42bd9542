import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeStatus } from '@bellwether/agent/status';
import type { TelemetrySummary } from '@bellwether/control-plane/http/operator-api';
import type { Window } from '@bellwether/shared/contract/window';
import { decodeReference } from '@bellwether/shared/models/reference';
import { digitRequest } from '../support/agent-world.js';
import { digitOf, digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { type LocalReply, localRequest } from '../support/local-http.js';
import { runnersOf } from '../support/process-children.js';
import { promtool, promtoolFaults } from '../support/promtool.js';
import { storedWindows, totalsOf } from '../support/stored-windows.js';

/** The windows of one device, told in order: each chapter begins where the last one ended. */
let fleet: FleetProcesses;
let agent: AgentProcess;
const limits = { deadlineMs: 2000, queueLength: 1 };
/** For what other processes do, on a machine that stands still for seconds. */
const timeout = 30_000;
/** Answers by class, as the application counted them. */
const classes = Array.from({ length: 10 }, () => 0);

beforeAll(async () => {
  fleet = await FleetProcesses.start(['digits']);
  await fleet.publish(fileURLToPath(new URL('1.0.0', digitsFolder)), 'digits@1.0.0');
  await fleet.api('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
  const localApi = { socketPath: join(fleet.folder, 'meadow', 'agent.sock'), metrics: true };
  // What a stalled machine leaves to the backfill goes up at once, and not within its minute.
  const outbox = { backfillSpreadSeconds: 0 };
  agent = await fleet.startAgent('meadow', { windowSeconds: 1, startSpreadMs: 0, limits, localApi, outbox });
  await untilServes();
});

afterAll(() => fleet.stop());

async function untilServes(): Promise<void> {
  await fleet.until('digits serves', ([device]) => {
    return device?.presence === 'online' && servedVersion(device, 'digits') === '1.0.0';
  });
}

function post(path: string, body: string | Uint8Array, headers: Record<string, number> = {}): Promise<LocalReply> {
  return localRequest({ socketPath: agent.socketPath }, `/v2/models/${path}/infer`, { method: 'POST', headers, body });
}

/** Sends digits one after the other; every one of them must be answered. */
async function sendDigits(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const reply = await post('digits', JSON.stringify(digitRequest(index)));
    expect(reply.status).toBe(200);
    const { outputs } = reply.json() as { outputs: readonly { name: string; data: readonly number[] }[] };
    const digit = digitOf(outputs[0]?.data ?? []);
    classes[digit] = (classes[digit] ?? 0) + 1;
  }
}

/** Asks until a new runner has taken the place of the one that is gone; none of these calls fails. */
async function untilAnswers(): Promise<void> {
  const path = '/v2/models/digits/ready';
  const ready = async () => (await localRequest({ socketPath: agent.socketPath }, path)).status;
  await expect.poll(ready, { timeout }).toBe(200);
}

/** An image that is no number anywhere; JSON cannot say so. */
function notANumber(): Promise<LocalReply> {
  const parameters = { binary_data_size: 784 * 4 };
  const input = { name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], parameters };
  const json = Buffer.from(JSON.stringify({ inputs: [input] }));
  const body = Buffer.concat([json, Buffer.from(new Float32Array(784).fill(Number.NaN).buffer)]);
  return post('digits', body, { 'inference-header-content-length': json.length });
}

async function status() {
  return decodeStatus((await localRequest({ socketPath: agent.socketPath }, '/bellwether/status')).body);
}

/** Windows by the run that they belong to, in the order of the runs. */
function runsOf(windows: readonly Window[]): readonly (readonly Window[])[] {
  const runs = new Map<string, Window[]>();
  for (const window of windows) runs.set(window.runId, [...(runs.get(window.runId) ?? []), window]);
  return [...runs.values()].map((run) => run.toSorted((a, b) => a.sequence - b.sequence));
}

/** Resolves when the stored windows of a run are all from its first to its newest: one may come after those that follow it. */
async function untilWithoutGap(index: number): Promise<void> {
  const missing = () => {
    const run = runsOf(storedWindows(fleet.data))[index] ?? [];
    return run.map(({ sequence }) => sequence).filter((sequence, place) => sequence !== place);
  };
  await expect.poll(missing, { timeout }).toEqual([]);
}

it('say exactly what was asked: requests, classes, histograms, and what was turned away', async () => {
  await sendDigits(150);
  for (let i = 0; i < 3; i++) expect((await notANumber()).json()).toMatchObject({ outputs: [{ name: 'logits' }] });
  const turnedAway = await Promise.all([
    post('digits', '{'),
    post('digits', JSON.stringify({ inputs: [], more: 1 })),
    post('digits', '{"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,28,28],"data":[NaN]}]}'),
    post('digits', JSON.stringify({ inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 28], data: [] }] })),
    post('digits/versions/1.0.0', JSON.stringify(digitRequest(0))),
    post('letters', JSON.stringify(digitRequest(0))),
  ]);
  expect(turnedAway.map(({ status: code }) => code)).toEqual([400, 400, 400, 400, 200, 404]);
  const wanted = {
    requests: 153,
    errors: 0,
    deaths: 0,
    invalid: 3,
    compute: 153,
    total: 153,
    classes,
    confidence: 150,
    rejected: {
      'digits malformed': 2,
      'digits schema': 1,
      'digits wrong-shape': 1,
      'digits explicit-version': 1,
      'letters unknown-model': 1,
    },
  };
  const windows = () => storedWindows(fleet.data);
  await expect.poll(() => totalsOf(windows()), { timeout }).toEqual(wanted);
  // Nothing is said twice: two windows later it is still so.
  const { length } = windows();
  await expect.poll(() => windows().length, { timeout }).toBeGreaterThanOrEqual(length + 2);
  expect(totalsOf(windows())).toEqual(wanted);
  await untilWithoutGap(0);
  const [run = []] = runsOf(windows());
  expect(run.slice(1).every(({ startMs }, index) => startMs === run[index]?.endMs)).toBe(true);
});

it('are added up on the device, for Prometheus', async () => {
  const { body, headers } = await localRequest({ socketPath: agent.socketPath }, '/metrics');
  const text = body.toString();
  const of = '{model="digits",version="1.0.0",arm="stable"';
  expect(text).toContain(`bellwether_requests_total${of}} 153\n`);
  expect(text).toContain(`bellwether_request_duration_seconds_bucket${of},le="+Inf"} 153\n`);
  expect(text).toMatch(/^bellwether_agent_resident_bytes [1-9][0-9]{6,}$/m);
  expect(headers['content-type']).toContain('version=0.0.4');
  const program = promtool();
  if (program !== undefined) expect(promtoolFaults(program, ['metrics'], text)).toBe('');
});

it('say what the machine does', () => {
  const [host] = storedWindows(fleet.data)
    .slice(-1)
    .map((window) => window.host);
  for (const name of ['cores', 'agentRssBytes', 'runnersRssBytes', 'memoryTotalBytes', 'diskFreeBytes'] as const) {
    expect([name, host?.[name]]).toEqual([name, expect.any(Number)]);
    expect(host?.[name]).toBeGreaterThan(0);
  }
  expect(storedWindows(fleet.data).some((window) => window.host.agentCpuPct > 0)).toBe(true);
  expect(storedWindows(fleet.data).some((window) => window.host.runnersCpuPct > 0)).toBe(true);
});

it('count a call that hung past its deadline and one whose runner was killed; each time another runner serves', async () => {
  const before = totalsOf(storedWindows(fleet.data));
  const runnerOf = () => runnersOf(agent.child.pid ?? 0)[0] ?? 0;
  const digit = () => post('digits', JSON.stringify(digitRequest(0)));
  const hung = runnerOf();
  process.kill(hung, 'SIGSTOP');
  const late = await digit();
  expect([late.status, late.json()['code']]).toEqual([504, 'deadline']);
  await untilAnswers();
  expect(runnerOf()).not.toBe(hung);

  const killed = runnerOf();
  process.kill(killed, 'SIGSTOP');
  const calls = [digit(), digit(), digit()];
  // One is turned away: then one is executing, and the other one waits for the next runner.
  expect((await Promise.race(calls)).json()['code']).toBe('queue-full');
  process.kill(killed, 'SIGKILL');
  const replies = await Promise.all(calls);
  expect(replies.map(({ status: code }) => code).toSorted((a, b) => a - b)).toEqual([200, 500, 503]);
  expect(replies.map((reply) => reply.json()['code'])).toContain('runner-died');
  expect(runnerOf()).not.toBe(killed);

  const counted = () => {
    const now = totalsOf(storedWindows(fleet.data));
    return [now.requests - before.requests, now.errors - before.errors, now.deaths - before.deaths];
  };
  await expect.poll(counted, { timeout }).toEqual([3, 2, 2]);
});

it('count the watched values into the bins of the reference, in every tenth window', async () => {
  const withCounts = () => storedWindows(fleet.data).filter(({ features }) => features !== undefined);
  const counted = () => withCounts().flatMap(({ features = [] }) => features);
  const rows = () => counted().reduce((sum, window) => sum + window.rows, 0);
  // Those that are no numbers came last; a tenth window may have closed before them.
  const notNumbers = () => {
    const ofFeature = (feature: number) => counted().map(({ features }) => features[feature]?.at(-1) ?? 0);
    return Array.from({ length: 16 }, (_, feature) => ofFeature(feature).reduce((sum, count) => sum + count, 0));
  };
  await expect.poll(notNumbers, { timeout }).toEqual(Array.from({ length: 16 }, () => 3));
  // The first calls came before the reference was read.
  await expect.poll(rows, { timeout }).toBeGreaterThan(100);
  expect(withCounts().every(({ sequence }) => sequence % 10 === 9)).toBe(true);
  const reference = decodeReference(readFileSync(new URL('1.0.0/reference.json', digitsFolder)));
  for (const window of counted()) {
    expect(window).toMatchObject({ model: 'digits', version: '1.0.0', arm: 'stable' });
    const bins = window.features.map((counts) => counts.length);
    expect(bins).toEqual(reference.features.map(({ edges }) => edges.length + 2));
    for (const counts of window.features) expect(counts.reduce((sum, count) => sum + count, 0)).toBe(window.rows);
  }
});

it('outlive a dead broker and a kill -9: at most the open one is lost, and the sequence has no gap', async () => {
  const before = totalsOf(storedWindows(fleet.data)).requests;
  await fleet.stopServer('SIGKILL');
  await sendDigits(30);
  const { outbox } = await status();
  await expect.poll(async () => (await status()).outbox.waiting, { timeout }).toBeGreaterThan(outbox.waiting + 1);
  expect(await status()).toMatchObject({ connected: false, outbox: { lostWindows: 0 } });
  await sendDigits(20);
  const killed = once(agent.child, 'exit');
  agent.child.kill('SIGKILL');
  await killed;

  agent = fleet.restartAgent('meadow', join(fleet.folder, 'meadow', 'agent.yaml'), agent);
  await fleet.startServer();
  await untilServes();
  // What the server knows may be of the run before.
  await untilAnswers();
  await sendDigits(10);
  const ofRun = (index: number) => runsOf(storedWindows(fleet.data))[index] ?? [];
  await expect.poll(() => totalsOf(ofRun(1)).requests, { timeout }).toBe(10);
  // The windows of the run before are brought by this one, in its own time.
  const old = () => totalsOf(ofRun(0)).requests - before;
  await expect.poll(old, { timeout }).toBeGreaterThanOrEqual(30);
  for (const run of [0, 1]) await untilWithoutGap(run);
  expect(old()).toBeLessThanOrEqual(50);
  expect(await fleet.api<TelemetrySummary>('/telemetry/summary')).toMatchObject({
    windowsLost: 0,
    windowsRejected: 0,
    windowsReceived: expect.any(Number) as number,
  });
});
