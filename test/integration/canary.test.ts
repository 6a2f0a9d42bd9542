import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeStatus } from '@bellwether/agent/status';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import type { OrderedCanary } from '@bellwether/shared/contract/order';
import { decodeWindow } from '@bellwether/shared/contract/window';
import { attackRelease, attackRequest } from '../support/attack-release.js';
import { AttackWorld } from '../support/attack-world.js';
import { canaryOrder } from '../support/canary-order.js';
import { localRequest } from '../support/local-http.js';
import { partialModel } from '../support/onnx-models.js';
import { runnersOf } from '../support/process-children.js';
import { floats } from '../support/release-folder.js';
import { modelsOf } from '../support/signed-order.js';

/** One device, told in order: a real agent with real runners, orders over a real broker, and applications that never pause. */
let world: AttackWorld;
const canary = attackRelease('1.1.0', 'canary');
/** Answers the applications, and fails on other inputs: by NaN, by an error of onnxruntime. */
const partial = attackRelease('1.2.0', 'partial', 'digits', {
  graph: partialModel().bytes,
  golden: Buffer.from(
    JSON.stringify({
      vectors: [{ inputs: { x: floats([1, 4], [1, 4, 9, 16]) }, outputs: { y: floats([1, 4], [1, 2, 3, 4]) } }],
    }),
  ),
});
const applications = 4;
const settings = { windowSeconds: 1 };

interface Told {
  /** When it was asked: applications are told in another order. */
  readonly number: number;
  readonly status: number;
  readonly parameters: { readonly arm?: string; readonly release?: string; readonly fallback?: string };
  readonly outputs?: readonly { readonly data: readonly number[] }[];
}
const told: Told[] = [];
let asked = 0;
const over = new AbortController();
let load: Promise<unknown>;

beforeAll(async () => {
  world = await AttackWorld.create({ deadlineMs: 4000 }, {});
  await world.startAgent();
  await world.serve(world.first);
  await world.repository.addRelease(canary);
  await world.repository.addRelease(partial);
  world.tellTime(Date.now());
  load = Promise.all(Array.from({ length: applications }, application));
});

afterAll(async () => {
  over.abort();
  await load;
  await world.stop();
});

/** Sends one request after the other. */
async function application(): Promise<void> {
  while (!over.signal.aborted) told.push(await ask(attackRequest.inputs[0]?.data ?? []));
}

/** One request with these four numbers. */
async function ask(data: readonly number[]): Promise<Told> {
  const number = asked++;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ inputs: [{ ...attackRequest.inputs[0], data }] });
  const address = { socketPath: world.socketPath };
  const reply = await localRequest(address, '/v2/models/digits/infer', { method: 'POST', headers, body });
  const { parameters = {}, outputs = [] } = reply.json() as Partial<Told>;
  return { number, status: reply.status, parameters, outputs };
}

/** What applications are told that ask from now on, until there are so many. */
async function next(count: number): Promise<readonly Told[]> {
  const from = asked;
  const since = () => told.filter(({ number }) => number >= from);
  await expect.poll(() => since().length, { timeout }).toBeGreaterThanOrEqual(count);
  return since();
}

const armsOf = (some: readonly Told[]) => new Set(some.map(({ parameters }) => parameters.arm));
const failed = (some: readonly Told[]) => some.filter(({ status }) => status !== 200);

async function order(changes: Partial<OrderedCanary>, release = canary): Promise<void> {
  await world.send(canaryOrder(world, release, changes, { settings }));
  await world.untilReport(
    ({ models }) => models[0]?.canary?.state === 'ready' && models[0].canary.step === (changes.step ?? 0),
  );
}

/** Everything that windows have said of a step. */
function evidence(step: number): readonly EvidenceWindow[] {
  return world.broker.messages
    .filter(({ topic }) => topic.endsWith('/window'))
    .flatMap(({ payload }) => decodeWindow(payload).evidence ?? [])
    .filter((each) => each.step === step);
}

function callsIn(step: number) {
  return evidence(step).reduce(
    (sum, { calls }) => ({ stable: sum.stable + calls.stable, canary: sum.canary + calls.canary }),
    { stable: 0, canary: 0 },
  );
}

const runners = () => [...runnersOf(process.pid)];
/** For what other processes do, on a machine that stands still for seconds. */
const timeout = 20_000;

describe('a canary under load', () => {
  it('gets its share beside stable, and both arms’ counters add up to what was answered', async () => {
    const [stable] = runners();
    await order({ step: 1, share: 5000 });
    expect(runners()).toContain(stable);
    const before = told.length;
    const during = await next(400);
    await order({ step: 2, share: 0 });
    expect(failed(told.slice(before))).toEqual([]);
    const ofCanary = ({ parameters }: Told) => parameters.release === 'digits@1.1.0';
    const canaryCalls = during.filter(ofCanary).length;
    expect(canaryCalls / during.length).toBeGreaterThan(0.35);
    expect(canaryCalls / during.length).toBeLessThan(0.65);
    // A call that was drawn before step 2 may still run.
    const uncounted = () => told.filter(ofCanary).length - callsIn(1).canary;
    await expect.poll(() => [uncounted(), callsIn(1).canary >= canaryCalls], { timeout }).toEqual([0, true]);
    expect(callsIn(1).stable).toBeGreaterThan(0.35 * during.length);
    expect(evidence(1)[0]?.cells).toMatchObject({ error: { stable: 0, canary: 0 }, death: { stable: 0, canary: 0 } });
  });

  it('that is killed costs the one call that it executed, and is back in another segment', async () => {
    await order({ step: 3, share: 5000 });
    const before = told.length;
    const victim = runners().at(-1) ?? 0;
    process.kill(victim, 'SIGKILL');
    await expect
      .poll(() => evidence(3).reduce((sum, { cells }) => sum + (cells['death']?.canary ?? 0), 0), { timeout })
      .toBe(1);
    await expect.poll(() => new Set(evidence(3).map(({ segment }) => segment)).size, { timeout }).toBe(2);
    expect(failed(told.slice(before)).length).toBeLessThanOrEqual(1);
    expect(runners()).not.toContain(victim);
  });

  it('is taken back without a failed request, and stable was there all the time', async () => {
    const before = told.length;
    const [stable] = runners();
    await order({ step: 4, mode: 'full', share: 10_000 });
    expect(armsOf(await next(100)).has('canary')).toBe(true);
    await world.send(world.order({ models: modelsOf(world.first), settings }));
    await world.untilServed('digits@1.0.0');
    expect(armsOf(await next(100))).toEqual(new Set(['stable']));
    expect(failed(told.slice(before))).toEqual([]);
    await expect.poll(runners, { timeout }).toEqual([stable]);
  });

  it('that fails on some inputs has its answers replaced by stable’s, each counted against it', async () => {
    const count = (cell: 'error' | 'invalid' | 'death') =>
      evidence(6).reduce((sum, { cells }) => sum + (cells[cell]?.canary ?? 0), 0);
    await order({ step: 6, mode: 'full', share: 10_000 }, partial);
    expect(await ask([1, 4, 9, 16])).toMatchObject({
      parameters: { arm: 'canary' },
      outputs: [{ data: [1, 2, 3, 4] }],
    });
    for (const [data, fallback] of [
      [[-1, 4, 9, 16], 'invalid'],
      [[32, 4, 9, 16], 'engine'],
    ] as const) {
      const parameters = { arm: 'stable', release: 'digits@1.0.0', fallback };
      expect(await ask(data)).toMatchObject({ status: 200, parameters, outputs: [{ data }] });
    }
    await expect.poll(() => [count('invalid'), count('error')], { timeout }).toEqual([1, 1]);
    // It stands still in the middle of a call: late, and replaced at half of the deadline.
    const before = told.length;
    process.kill(runners().at(-1) ?? 0, 'SIGSTOP');
    await expect
      .poll(() => told.slice(before).filter(({ parameters }) => parameters.fallback === 'late').length, {
        timeout,
      })
      .toBeGreaterThanOrEqual(applications);
    await expect.poll(() => count('death'), { timeout }).toBe(1);
    expect(failed(told.slice(before))).toEqual([]);
    expect(count('error')).toBeGreaterThan(1);
  });

  it('becomes stable as it is: the process that answered as canary answers on', async () => {
    const before = told.length;
    await order({ step: 5, mode: 'full', share: 10_000 });
    const second = runners().at(-1);
    await world.send(world.order({ models: modelsOf(canary), settings }));
    await world.untilServing(canary);
    await expect.poll(runners, { timeout }).toEqual([second]);
    const after = await next(50);
    expect(new Set(after.map(({ parameters }) => parameters.release))).toEqual(new Set(['digits@1.1.0']));
    expect(failed(told.slice(before))).toEqual([]);
  });

  it('leaves the agent with the ceiling for its own work that an order says', async () => {
    const ceiling = async () => {
      const { body } = await localRequest({ socketPath: world.socketPath }, '/bellwether/status');
      return decodeStatus(body).governor?.ceilingPct;
    };
    expect(await ceiling()).toBe(100);
    await world.send(world.order({ models: modelsOf(canary), settings: { ...settings, governorCpuPct: 90 } }));
    await expect.poll(ceiling, { timeout }).toBe(90);
  });
});
