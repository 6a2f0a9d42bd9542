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

const drift = () => fleet.api<DriftReply>('/telemetry/drift');
const nameOf = (device: string): string => device.slice(0, device.lastIndexOf('-'));

it('cameras that have changed are found, each by its pixels and with what answers are worth, and the one that has not is not', async () => {
  const names = Object.keys(cameras);
  const agents = await Promise.all(names.map((name) => fleet.startAgent(name, { windowSeconds: 1, startSpreadMs: 0 })));
  await fleet.until('all serve digits@1.1.0', (devices) => {
    return devices.length === 3 && devices.every((device) => servedVersion(device, 'digits') === '1.1.0');
  });
  await Promise.all(agents.map((agent) => look(agent, cameras[agent.name] ?? ((pixel) => pixel))));
  const counted = () =>
    new Set(
      storedWindows(fleet.data).flatMap(({ device, features }) => (features === undefined ? [] : nameOf(device))),
    );
  await expect.poll(() => counted().size, { timeout: 30_000 }).toBe(3);
  const byPixels = async () => {
    const found = (await drift()).drift.filter(
      ({ level, stream }) => level === 'device' && stream.startsWith('feature pixel'),
    );
    return [...new Set(found.map(({ subject }) => nameOf(subject)))].toSorted();
  };
  await expect.poll(byPixels, { timeout: 15_000, interval: 500 }).toEqual(['dim', 'inverted']);
  const { drift: found, accuracy, watched, skippedWindows } = await drift();
  expect([...new Set(found.map(({ subject }) => subject))].map(nameOf)).not.toContain('well');
  expect(watched).toMatchObject([{ model: 'digits', version: '1.1.0', devices: 3, streams: 50 }]);
  const low = accuracy.filter(({ isLow, level }) => isLow && level === 'device');
  expect(low.map(({ subject }) => nameOf(subject))).toContain('inverted');
  expect(low[0]?.referenceAccuracy).toBeCloseTo(0.984, 3);
  expect(skippedWindows).toBe(0);
  const alerts = async () => (await fleet.api<AlertList>('/alerts')).alerts;
  const about = { model: 'digits', version: '1.1.0' };
  const alert = async () =>
    (await alerts()).find(({ rule, subject }) => rule === 'drift' && subject.label === undefined);
  await expect.poll(async () => (await alert())?.devices, { timeout: 10_000 }).toBe(2);
  // It is their first release: nobody knows whether it ever was made for what they see.
  expect(await alert()).toMatchObject({ subject: about, state: 'open', attribution: { cause: 'undetermined' } });
  expect((await alert())?.named.map(nameOf).toSorted()).toEqual(['dim', 'inverted']);
  expect((await alerts()).map(({ rule }) => rule)).toContain('accuracy-estimate');
  const cli = JSON.parse(await fleet.cli('drift', '--json')) as DriftReply;
  expect(cli.drift.map(({ stream }) => stream)).toEqual(found.map(({ stream }) => stream));
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
