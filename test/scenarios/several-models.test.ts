import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeStatus } from '@bellwether/agent/status';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { EventPage } from '@bellwether/control-plane/timeline/timeline-api';
import type { Order } from '@bellwether/shared/contract/order';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { runAgentCommand } from '../support/agent-process.js';
import { digitRequest } from '../support/agent-world.js';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { type LocalReply, localRequest } from '../support/local-http.js';
import { plantOrder } from '../support/planted-order.js';
import { commandOf, runnersOf } from '../support/process-children.js';
import { sileroFrame, sileroSound, vowel, writeSileroRelease } from '../support/silero.js';
import { storedWindows, totalsOf } from '../support/stored-windows.js';

/** One device with two real models, told in order: each chapter begins where the last one ended. */
let fleet: FleetProcesses;
let agent: AgentProcess;
let releases: string;
let home: string;
let digitsOrdered: Order['models'][string];
const runners = { digits: 0, silero: 0 };
const environment = { home: process.env['HOME'], ci: process.env['CI'] };

const queueLength = 3;
/** Calls that were answered: windows must tell of each. */
let answered = 0;
/** For what other processes do, on a machine that stands still for seconds. */
const timeout = 30_000;

beforeAll(async () => {
  releases = await mkdtemp(join(tmpdir(), 'bellwether-releases-'));
  // onnxruntime hides its telemetry in CI; here every process thinks that it is at somebody's home.
  home = join(releases, 'home');
  await mkdir(home);
  process.env['HOME'] = home;
  delete process.env['CI'];
  fleet = await FleetProcesses.start(['digits', 'silero']);
  await fleet.publish(fileURLToPath(new URL('1.0.0', digitsFolder)), 'digits@1.0.0');
  for (const version of ['5.0.0', '4.0.0'] as const) {
    await fleet.publish(await writeSileroRelease(join(releases, version), version), `silero-vad@${version}`);
  }
  // A runner that is held here must outlast whatever the machine is doing beside: past the deadline it would be replaced.
  const limits = { queueLength, deadlineMs: 120_000, drainMs: 120_000 };
  agent = await fleet.startAgent('meadow', { windowSeconds: 3600, startSpreadMs: 0, limits });
  await fleet.until('the device is online', ([device]) => device?.presence === 'online');
});

afterAll(async () => {
  await fleet.stop();
  await rm(releases, { recursive: true, force: true });
  restore('HOME', environment.home);
  restore('CI', environment.ci);
});

function restore(name: string, value: string | undefined): void {
  if (value !== undefined) process.env[name] = value;
}

function get(path: string): Promise<LocalReply> {
  return localRequest({ socketPath: agent.socketPath }, path);
}

async function infer(model: string, body: unknown): Promise<LocalReply> {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const reply = await localRequest({ socketPath: agent.socketPath }, `/v2/models/${model}/infer`, json);
  if (reply.status === 200) answered++;
  return reply;
}

/** Resolves when what is stored tells of every call that was answered. */
async function untilCounted(): Promise<void> {
  await expect.poll(() => totalsOf(storedWindows(fleet.data)).requests, { timeout }).toBe(answered);
}

/** Frame `index` of a voice, as silero-vad takes it. */
function voice(index: number): unknown {
  const frame = sileroFrame['5.0.0'];
  return {
    inputs: [
      { name: 'input', datatype: 'FP32', shape: [1, frame], data: [...sileroSound(vowel, frame, index)] },
      { name: 'sr', datatype: 'INT64', shape: [], data: [16_000] },
    ],
  };
}

async function rollOut(release: string): Promise<void> {
  await fleet.api('/rollouts', { release, to: { all: true } });
}

function untilServes(model: string, version: string): Promise<readonly DeviceView[]> {
  return fleet.until(`${model}@${version} serves`, ([device]) => {
    return device !== undefined && servedVersion(device, model) === version;
  });
}

/** The statuses of replies, sorted. */
async function settledReplies(replies: readonly Promise<LocalReply>[]): Promise<readonly number[]> {
  return (await Promise.all(replies)).map(({ status }) => status).toSorted((a, b) => a - b);
}

/** Starts the server again with an order that no rollout makes; answers the device when it has judged that order. */
async function order(changes: Parameters<typeof plantOrder>[2]): Promise<DeviceView> {
  const [device] = await fleet.until('the device is known', (devices) => devices.length === 1);
  await fleet.stopServer();
  const { generation } = await plantOrder(fleet.data, device?.id ?? '', changes);
  await fleet.startServer();
  const [after] = await fleet.until(`generation ${generation} is judged`, ([each]) => {
    const { observed, orderRefusal } = each?.report ?? {};
    return observed?.generation === generation || orderRefusal?.generation === generation;
  });
  if (after === undefined) throw new Error('the device is gone');
  return after;
}

describe('a device with two models', () => {
  it('is not ready before its first order, and is when each ordered model serves', async () => {
    expect((await get('/v2/health/ready')).status).toBe(400);
    await rollOut('digits@1.0.0');
    await untilServes('digits', '1.0.0');
    expect((await get('/v2/health/ready')).status).toBe(200);
    expect((await get('/v2/models/silero-vad/ready')).status).toBe(404);
    runners.digits = runnersOf(agent.child.pid ?? 0)[0] ?? 0;

    await rollOut('silero-vad@5.0.0');
    await untilServes('silero-vad', '5.0.0');
    expect((await get('/v2/health/ready')).status).toBe(200);
    expect((await get('/v2/models/silero-vad/ready')).status).toBe(200);
    runners.silero = runnersOf(agent.child.pid ?? 0).find((pid) => pid !== runners.digits) ?? 0;
    expect((await infer('digits', digitRequest(0))).json()).toMatchObject({ parameters: { release: 'digits@1.0.0' } });
    expect((await infer('silero-vad', voice(0))).json()).toMatchObject({
      parameters: { release: 'silero-vad@5.0.0' },
    });
  });

  it('has a queue for each: one that is full turns calls away, and the other model answers', async () => {
    process.kill(runners.silero, 'SIGSTOP');
    const calls = Array.from({ length: queueLength + 2 }, (_, index) => infer('silero-vad', voice(index)));
    // That one is turned away says that the others are in.
    const full = await Promise.race(calls);
    expect(full.status).toBe(503);
    expect(full.json()).toMatchObject({ code: 'queue-full', error: expect.stringContaining('silero-vad') as string });
    expect(full.headers['retry-after']).toBe('1');
    for (let index = 0; index < 10; index++) expect((await infer('digits', digitRequest(index))).status).toBe(200);
    process.kill(runners.silero, 'SIGCONT');
    // One was executing, three waited, one was turned away: none was lost.
    expect(await settledReplies(calls)).toEqual([200, 200, 200, 200, 503]);
  });

  it('refuses silero-vad 4.0.0 in the place of 5.0.0 as incompatible, before it fetches or loads it', async () => {
    await rollOut('silero-vad@4.0.0');
    const [device] = await fleet.until('silero-vad@4.0.0 is refused', ([each]) => {
      return each?.report?.models.some(({ refusal }) => refusal?.version === '4.0.0') ?? false;
    });
    const model = device?.report?.models.find((each) => each.model === 'silero-vad');
    expect(model).toMatchObject({
      serving: { version: '5.0.0' },
      refusal: { version: '4.0.0', code: 'incompatible', kind: 'permanent' },
    });
    expect(model?.refusal?.message).toContain('input');
    expect(device?.report).toMatchObject({ state: 'held', health: 'degraded' });

    const blobs = join(agent.stateFolder, 'blobs');
    const manifest = JSON.parse(await readFile(join(blobs, model?.refusal?.manifest ?? ''), 'utf8')) as Manifest;
    await expect(access(join(blobs, manifest.files[manifest.graph]?.sha256 ?? ''))).rejects.toThrow('ENOENT');
    const { events } = await fleet.api<EventPage>('/events?kind=install-phase&release=silero-vad@4.0.0');
    expect(events.map(({ message }) => message)).toEqual(['fetching']);
    expect(runnersOf(agent.child.pid ?? 0)).toHaveLength(2);
    expect((await infer('silero-vad', voice(1))).status).toBe(200);
    expect((await get('/v2/health/ready')).status).toBe(200);
  });

  it('tells bellwether-agent status what serves, since when, under which order, and what waits', async () => {
    const { code, stdout } = await runAgentCommand(['status', '--socket', agent.socketPath]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^order +epoch 1, generation 3$/m);
    expect(stdout).toMatch(/^outbox +\d+ waiting \(\d+ bytes\), 0 lost$/m);
    expect(stdout).toMatch(/^broker +connected, mqtt:\/\/127\.0\.0\.1:\d+ \(PLAINTEXT\)$/m);
    expect(stdout).toMatch(/^digits: serves 1\.0\.0 since 20\d\d-.*Z \(probation\)$/m);
    expect(stdout).toMatch(/^silero-vad: serves 5\.0\.0 since .*\n {2}4\.0\.0 is refused\n {2}4\.0\.0 incompatible/m);
  });
});

describe('an order', () => {
  it('without models and without `empty` is refused, and everything goes on', async () => {
    const device = await order({ models: {} });
    expect(device.report?.orderRefusal).toMatchObject({
      code: 'order-schema',
      message: expect.stringContaining('empty') as string,
    });
    expect((await infer('digits', digitRequest(1))).status).toBe(200);
    expect((await infer('silero-vad', voice(2))).status).toBe(200);
  });

  it('that no longer names a model stops it after its drain, and its blobs stay; its settings count at once', async () => {
    const blobs = await readdir(join(agent.stateFolder, 'blobs'));
    const [device] = await fleet.until('the device is known', (devices) => devices.length === 1);
    const digits = device?.report?.models.find(({ model }) => model === 'digits')?.serving;
    digitsOrdered = { stable: { version: digits?.version ?? '', manifest: digits?.manifest ?? '' } };
    process.kill(runners.silero, 'SIGSTOP');
    const executing = infer('silero-vad', voice(3));
    expect(storedWindows(fleet.data)).toEqual([]);
    await order({ models: { digits: digitsOrdered }, settings: { windowSeconds: 1 } });
    const late = await infer('silero-vad', voice(4));
    expect([late.status, late.json()['code']]).toEqual([503, 'draining']);
    process.kill(runners.silero, 'SIGCONT');
    expect((await executing).status).toBe(200);
    await expect.poll(() => runnersOf(agent.child.pid ?? 0), { timeout: 30_000 }).toEqual([runners.digits]);
    // The process is gone a moment before the agent knows.
    await expect.poll(async () => (await infer('silero-vad', voice(5))).status, { timeout }).toBe(404);
    expect(await readdir(join(agent.stateFolder, 'blobs'))).toEqual(blobs);
    expect((await infer('digits', digitRequest(2))).status).toBe(200);

    await untilCounted();
    // One of them may be longer, where the machine stood still.
    const ofASecond = () => {
      const lengths = storedWindows(fleet.data).map(({ startMs, endMs }) => endMs - startMs);
      return lengths.filter((ms) => ms > 900 && ms < 1500).length;
    };
    await expect.poll(ofASecond, { timeout }).toBeGreaterThanOrEqual(2);
  });
});

describe('SIGTERM', () => {
  it('lets the agent answer every call that it has, send its last window, and end with 0', async () => {
    process.kill(runners.digits, 'SIGSTOP');
    const calls = Array.from({ length: queueLength + 2 }, (_, index) => infer('digits', digitRequest(index)));
    // One is executing, three wait, and one is turned away: then the agent has them all.
    expect((await Promise.race(calls)).json()['code']).toBe('queue-full');
    const ended = once(agent.child, 'exit');
    agent.child.kill('SIGTERM');
    await expect.poll(() => agent.log(), { timeout: 30_000 }).toContain('agent stopping');
    process.kill(runners.digits, 'SIGCONT');
    expect(await settledReplies(calls)).toEqual([200, 200, 200, 200, 503]);
    expect(await ended).toEqual([0, null]);
    await expect.poll(() => commandOf(runners.digits)).toBe('');
    expect(totalsOf(storedWindows(fleet.data)).requests).toBe(answered);
    expect(await readdir(agent.stateFolder)).not.toContain('agent.lock');
  });
});

describe('an order that says `empty`', () => {
  it('stops what is left, and the device is ready with nothing', async () => {
    const file = join(fleet.folder, 'meadow', 'agent.yaml');
    agent = fleet.restartAgent('meadow', file, agent);
    await order({ models: {}, empty: true });
    await expect.poll(() => runnersOf(agent.child.pid ?? 0), { timeout: 30_000 }).toEqual([]);
    // The process is gone a moment before the agent knows.
    const status = async () => decodeStatus((await get('/bellwether/status')).body);
    await expect.poll(status, { timeout }).toMatchObject({ state: 'converged', health: 'ok', models: [] });
    expect((await infer('digits', digitRequest(3))).status).toBe(404);
    expect((await get('/v2/health/ready')).status).toBe(200);
  });
});

describe('the home folder', () => {
  it('has nothing in it, though no process was told that it runs in CI [A-2]', async () => {
    expect(await readdir(home, { recursive: true })).toEqual([]);
  });
});
