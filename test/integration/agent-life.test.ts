import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentStatus } from '@bellwether/agent/status';
import type { DeviceList } from '@bellwether/control-plane/http/operator-api';
import { openReceipt } from '@bellwether/shared/contract/receipt-chain';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import type { AgentProcess } from '../support/agent-process.js';
import { AgentWorld, digitRequest } from '../support/agent-world.js';
import { storedWindows } from '../support/stored-windows.js';

/** One device's life, told in order: each chapter begins where the last one ended. */
let world: AgentWorld;

beforeAll(async () => {
  world = await AgentWorld.start();
});

afterAll(() => world.stop());

const settings = { windowSeconds: 1, probation: { minutes: 0, calls: 10, maxHours: 1 } };

async function answeredBy(agent: AgentProcess): Promise<unknown> {
  const { status, json } = await agent.infer('digits', digitRequest(0));
  expect(status).toBe(200);
  return (json()['parameters'] as Record<string, unknown>)['release'];
}

function servesSomething({ models }: AgentStatus): boolean {
  return models.some(({ serving }) => serving !== null);
}

/** Sends requests one after the other until it is told to stop; answers the statuses of those that failed. */
function drive(agent: AgentProcess) {
  const statuses: number[] = [];
  const releases = new Set<unknown>();
  const over = new AbortController();
  const driver = (async () => {
    for (let index = 0; !over.signal.aborted; index++) {
      const { status, json } = await agent.infer('digits', digitRequest(index));
      statuses.push(status);
      if (status === 200) releases.add((json()['parameters'] as Record<string, unknown>)['release']);
    }
  })();
  const stop = async () => {
    over.abort();
    await driver;
    return statuses.filter((status) => status !== 200);
  };
  /** Resolves when the release has answered one of them. */
  const until = (release: string) => expect.poll(() => [...releases], { timeout: 20_000 }).toContain(release);
  return { until, stop };
}

describe('a device', () => {
  it('enrols, takes its first order, and answers with a verified release', async () => {
    const agent = await world.startAgent(settings);
    await world.serve('digits@1.0.0');
    expect((await agent.get('/v2/health/ready')).status).toBe(200);
    expect(await answeredBy(agent)).toBe('digits@1.0.0');
  });

  it('reports what it serves', async () => {
    const status = await world.agent.untilStatus(({ connected, state }) => connected && state === 'converged');
    expect(status).toMatchObject({ development: true, observed: { epoch: 1, generation: 1 }, health: 'ok' });
    // What the device says of itself is on its way to the server.
    const devices = async () => (await world.server.read<DeviceList>('/devices')).devices;
    const told = [{ presence: 'online', report: { state: 'converged', observed: { generation: 1 } } }];
    await expect.poll(devices, { timeout: 20_000 }).toMatchObject(told);
  });

  it('signs what it reports, with what served and how often', async () => {
    const key = await readKeyFile(join(world.agent.folder, 'state', 'identity', 'device.key'));
    const { devices } = await world.server.read<DeviceList>('/devices');
    const report = devices[0]?.report;
    if (report === undefined || report === null) throw new Error('the server has no report');
    const { receipt } = openReceipt(report, key.public);
    expect(receipt.order).toEqual(report.observed);
    expect(receipt.served).toMatchObject([{ model: 'digits', version: '1.0.0', serves: true, failed: 0 }]);
    expect(receipt.number).toBeGreaterThan(1);
  });

  it('takes the truth about an answer, which reaches the server in a window under the release that gave it', async () => {
    const inferred = await world.agent.infer('digits', { ...digitRequest(0), id: 'parcel 7' });
    const [output] = inferred.json()['outputs'] as readonly { readonly data: readonly number[] }[];
    const said = output?.data.indexOf(Math.max(...output.data));
    const tell = (label: unknown, id = 'parcel 7') => world.agent.post('/v2/models/digits/feedback', { id, label });
    expect((await tell('eleven')).json()).toMatchObject({ code: 'unknown-label' });
    expect((await tell(String(said))).json()).toMatchObject({
      correct: true,
      parameters: { arm: 'stable', release: 'digits@1.0.0' },
    });
    expect((await tell(String(said))).json()).toMatchObject({ code: 'already-given' });
    expect((await tell('1', 'parcel 8')).json()).toMatchObject({ code: 'unknown-id' });
    const told = () => storedWindows(world.server.data).flatMap(({ arms }) => arms.filter(({ feedback }) => feedback));
    await expect
      .poll(told, { timeout: 20_000 })
      .toMatchObject([{ model: 'digits', version: '1.0.0', feedback: { correct: 1, wrong: 0 } }]);
  });

  it('settles a release that has proved itself', async () => {
    for (let index = 0; index < 10; index++)
      expect((await world.agent.infer('digits', digitRequest(index))).status).toBe(200);
    await world.agent.untilStatus(({ models }) => models[0]?.serving?.phase === 'settled');
  });

  it('comes back after kill -9 in the middle of an install, without its server: a verified release serves', async () => {
    await world.publish('digits@1.1.0');
    await world.agent.stop();
    const outcomes: string[] = [];
    for (const phase of ['fetching', 'probing', 'serving']) {
      const at = { file: '^installs\\.json$', holds: { version: '1.1.0', phase } };
      const mortal = await world.startMortalAgent(at, settings);
      // The first time the order comes while it runs, then it is there from the start.
      if (phase === 'fetching') await world.rollOut('digits@1.1.0');
      expect(await mortal.ended).toMatchObject({ signal: 'SIGKILL' });
      const offline = await world.startAgentAlone();
      const { models } = await offline.untilStatus(servesSomething);
      outcomes.push(`${phase}: ${models[0]?.serving?.version}`);
      expect(await answeredBy(offline)).toBe(`digits@${models[0]?.serving?.version}`);
      offline.kill('SIGKILL');
      await offline.ended;
    }
    expect(outcomes).toEqual(['fetching: 1.0.0', 'probing: 1.0.0', 'serving: 1.1.0']);
  }, 60_000);

  it('swaps to a newer release under load without losing a request', async () => {
    await world.startAgent(settings);
    await world.rollOut('digits@1.0.0');
    await world.agent.untilStatus(({ models }) => models[0]?.serving?.version === '1.0.0');
    const load = drive(world.agent);
    await load.until('digits@1.0.0');
    await world.rollOut('digits@1.1.0');
    await world.agent.untilStatus(({ models }) => models[0]?.serving?.version === '1.1.0');
    await load.until('digits@1.1.0');
    expect(await load.stop()).toEqual([]);
  });

  it('serves again without its server after a kill -9', async () => {
    world.agent.kill('SIGKILL');
    await world.agent.ended;
    const agent = await world.startAgentAlone();
    await agent.untilStatus(servesSomething);
    expect(await answeredBy(agent)).toBe('digits@1.1.0');
  });

  it('answers the calls that it has when it is told to stop', async () => {
    const { agent } = world;
    const calls = Array.from({ length: 20 }, (_, index) => agent.infer('digits', digitRequest(index)));
    await Promise.all(calls.slice(0, 1));
    const ended = agent.stop();
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});
