import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalApi } from '@bellwether/agent/inference/local-api-http';
import { Serving } from '@bellwether/agent/inference/serving';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { digitsFolder, imageOf, readSplit } from '../support/digits.js';
import { localRequest } from '../support/local-http.js';
import { ObservedCalls } from '../support/observed-calls.js';
import { RunnerWorld } from '../support/runner-world.js';
import { trialParts } from '../support/trial-parts.js';

const swaps = 6;
const applications = 4;

const observer = new ObservedCalls();
const stream = readSplit('stream');
let world: RunnerWorld;
let releases: VerifiedModel[];
let folder: string;
let socketPath: string;
let serving: Serving;
let api: LocalApi;

beforeAll(async () => {
  world = await RunnerWorld.create('digits');
  releases = [];
  for (const version of ['1.0.0', '1.1.0']) releases.push(await world.add(await unhurried(version)));
  folder = await mkdtemp(join(tmpdir(), 'bellwether-swap-'));
  socketPath = join(folder, 'agent.sock');
  const limits = { queueLength: 64, deadlineMs: 10_000, drainMs: 30_000 };
  serving = new Serving({ clock: systemClock, observer, trials: trialParts(), limits, onRunnerDied: () => {} });
  const config = { socketPath, maxBodyBytes: 1024 * 1024, stopGraceMs: 5_000 };
  const content = { serving, observer, log: silentLog, agentVersion: '0', isReady: () => true, status: () => ({}) };
  api = new LocalApi({ ...content, clock: systemClock, config });
  await api.start();
});

afterAll(async () => {
  await serving.stop();
  await api.stop();
  await world.remove();
  await rm(folder, { recursive: true });
});

/** An example with room in its budget: how fast a machine is that does much else is not what is tried here. */
async function unhurried(version: string): Promise<string> {
  const copy = join(world.folder, version);
  await cp(fileURLToPath(new URL(version, digitsFolder)), copy, { recursive: true });
  const source = join(copy, 'release.yaml');
  await writeFile(source, (await readFile(source, 'utf8')).replace(/p99Ms: \d+/, 'p99Ms: 1000'));
  return copy;
}

/** One application: sends digits one after the other until it is told to stop; answers with which release answered. */
async function application(first: number, isOver: () => boolean): Promise<string[]> {
  const releasesSeen: string[] = [];
  for (let i = first; !isOver(); i += applications) {
    const data = [...imageOf(stream, i % stream.count)];
    const body = JSON.stringify({ inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], data }] });
    const reply = await localRequest({ socketPath }, '/v2/models/digits/infer', { method: 'POST', body });
    const { parameters, error } = reply.json() as { parameters?: { release: string }; error?: string };
    releasesSeen.push(parameters?.release ?? `${reply.status}: ${error}`);
  }
  return releasesSeen;
}

it('loses no request while one release after the other is swapped in under load', async () => {
  const [from, to] = releases;
  if (from === undefined || to === undefined) throw new Error('two releases are needed');
  serving.swap(await world.start(from));
  let isOver = false;
  const load = Array.from({ length: applications }, (_, i) => application(i, () => isOver));
  for (let i = 0; i < swaps; i++) {
    const answersBefore = observer.answers.length;
    await serving.swap(await world.start(i % 2 === 0 ? to : from)).drained;
    expect(observer.answers.length).toBeGreaterThan(answersBefore);
  }
  isOver = true;
  const seen = (await Promise.all(load)).flat();
  expect(new Set(seen)).toEqual(new Set(['digits@1.0.0', 'digits@1.1.0']));
  expect(observer.answers).toHaveLength(seen.length);
  expect([observer.failures, observer.rejections, observer.deaths]).toEqual([[], [], []]);
});
