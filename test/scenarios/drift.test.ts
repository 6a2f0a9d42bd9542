import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlertList } from '@bellwether/control-plane/alerts/alert-api';
import type { DriftReply } from '@bellwether/control-plane/http/drift-api';
import { digitsFolder, imageOf, readSplit } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { localRequest } from '../support/local-http.js';
import { storedWindows } from '../support/stored-windows.js';

/** Three real agents with one release: one is asked what it was made for, the cameras of two have changed. */
let fleet: FleetProcesses;
const digits = readSplit('stream');
const cameras: Readonly<Record<string, (pixel: number) => number>> = {
  well: (pixel) => pixel,
  dim: (pixel) => 0.6 * pixel,
  inverted: (pixel) => 1 - pixel,
};
const rows = 250;
/** For what other processes do, on a machine that stands still for seconds. */
const timeout = 30_000;

beforeAll(async () => {
  fleet = await FleetProcesses.start(['digits']);
  const release = join(fleet.folder, 'release');
  await cp(fileURLToPath(new URL('1.1.0', digitsFolder)), release, { recursive: true });
  // One digit tells nothing of the next: each row counts.
  const file = join(release, 'reference.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('{"samples":', '{"apartMs":1,"samples":'));
  await fleet.publish(release, 'digits@1.1.0');
  await fleet.api('/rollouts', { release: 'digits@1.1.0', to: { all: true } });
});
afterAll(() => fleet?.stop());

async function look(agent: AgentProcess, see: (pixel: number) => number): Promise<void> {
  for (let index = 0; index < rows; index++) {
    const data = Array.from(imageOf(digits, index), see);
    const body = JSON.stringify({ inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], data }] });
    const reply = await localRequest({ socketPath: agent.socketPath }, '/v2/models/digits/infer', {
      method: 'POST',
      body,
    });
    expect(reply.status).toBe(200);
    // The features that are counted are not the application's.
    expect((reply.json()['outputs'] as readonly { name: string }[]).map(({ name }) => name)).toEqual(['logits']);
  }
}

/**
 * Until the first device sends what it counted, which it does with every tenth window. All rows belong into one: where
 * they are few, the release as a whole is found before the devices that it lies with, and then all of them are meant.
 */
function secondsToFeatures(): number {
  const newest = new Map(storedWindows(fleet.data).map(({ device, sequence }) => [device, sequence]));
  return Math.min(10, ...[...newest.values()].map((sequence) => 9 - ((sequence + 1) % 10)));
}

const drift = () => fleet.api<DriftReply>('/telemetry/drift');
const nameOf = (device: string): string => device.slice(0, device.lastIndexOf('-'));

it('cameras that have changed are found, each by its pixels and with what answers are worth, and the one that has not is not', async () => {
  const names = Object.keys(cameras);
  const agents = await Promise.all(names.map((name) => fleet.startAgent(name, { windowSeconds: 1, startSpreadMs: 0 })));
  await fleet.until('all serve digits@1.1.0', (devices) => {
    return devices.length === 3 && devices.every((device) => servedVersion(device, 'digits') === '1.1.0');
  });
  await expect.poll(secondsToFeatures, { timeout }).toBeGreaterThan(4);
  await Promise.all(agents.map((agent) => look(agent, cameras[agent.name] ?? ((pixel) => pixel))));
  const counted = () =>
    new Set(
      storedWindows(fleet.data).flatMap(({ device, features }) => (features === undefined ? [] : nameOf(device))),
    );
  await expect.poll(() => counted().size, { timeout }).toBe(3);
  const byPixels = async () => {
    const found = (await drift()).drift.filter(
      ({ level, stream }) => level === 'device' && stream.startsWith('feature pixel'),
    );
    return [...new Set(found.map(({ subject }) => nameOf(subject)))].toSorted();
  };
  await expect.poll(byPixels, { timeout, interval: 500 }).toEqual(['dim', 'inverted']);
  // A tenth window may have closed while the cameras looked: what the next one adds is not there yet.
  const low = async () => (await drift()).accuracy.filter(({ isLow, level }) => isLow && level === 'device');
  const nameLow = async () => (await low()).map(({ subject }) => nameOf(subject));
  await expect.poll(nameLow, { timeout, interval: 500 }).toContain('inverted');
  expect((await low())[0]?.referenceAccuracy).toBeCloseTo(0.984, 3);
  const about = { model: 'digits', version: '1.1.0' };
  const alerts = async () => (await fleet.api<AlertList>('/alerts')).alerts;
  const alert = async () => {
    const found = (await alerts()).find(({ rule, subject }) => rule === 'drift' && subject.label === undefined);
    return { ...found, names: found?.named.map(nameOf).toSorted() };
  };
  // It is their first release: nobody knows whether it ever was made for what they see.
  const both = {
    devices: 2,
    names: ['dim', 'inverted'],
    subject: about,
    state: 'open',
    attribution: { cause: 'undetermined' },
  };
  await expect.poll(alert, { timeout }).toMatchObject(both);
  await expect.poll(async () => (await alerts()).map(({ rule }) => rule), { timeout }).toContain('accuracy-estimate');
  const { drift: found, watched, skippedWindows } = await drift();
  expect(found.map(({ subject }) => nameOf(subject))).not.toContain('well');
  expect(watched).toMatchObject([{ ...about, devices: 3, streams: 50 }]);
  expect(skippedWindows).toBe(0);
  const cli = JSON.parse(await fleet.cli('drift', '--json')) as DriftReply;
  expect(cli.drift.map(({ stream }) => stream)).toEqual(expect.arrayContaining(found.map(({ stream }) => stream)));
});

it('are known after the server was killed: its windows are looked at again, each by what had not looked at it', async () => {
  const names = (reply: DriftReply) => [
    ...new Set(reply.drift.map(({ level, subject, stream }) => `${level} ${subject} ${stream}`)),
  ];
  const before = names(await drift());
  await fleet.stopServer('SIGKILL');
  await fleet.startServer();
  const after = await drift();
  expect(names(after)).toEqual(expect.arrayContaining(before));
  expect(after.drift.map(({ subject }) => nameOf(subject))).not.toContain('well');
  expect([after.watched[0]?.devices, after.skippedWindows]).toEqual([3, 0]);
});
