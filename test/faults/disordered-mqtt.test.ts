import { afterEach, expect, it } from 'vitest';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { seededDice } from '../support/dice.js';
import type { FleetDevice } from '../support/fleet-device.js';
import { ReconcileWorld } from '../support/reconcile-world.js';
import { sampleRelease } from '../support/sample-release.js';
import { startServer } from '../support/server.js';
import { storedWindows } from '../support/stored-windows.js';
import { bytesOf, windowOf } from '../support/telemetry-messages.js';
import { TrustWorld } from '../support/trust-world.js';
import { VerifyingEngine } from '../support/verifying-engine.js';

const count = 40;
const sequences = Array.from({ length: count }, (_, sequence) => sequence);

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Every number twice, in an order by dice. */
function twiceInDisorder(seed: number): number[] {
  const random = seededDice(seed);
  return [...sequences, ...sequences]
    .map((sequence) => ({ sequence, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ sequence }) => sequence);
}

function storedOf(data: string, device: FleetDevice): number[] {
  const own = storedWindows(data).filter((window) => window.device === device.id);
  return own.map(({ sequence }) => sequence).toSorted((a, b) => a - b);
}

it('windows that come twice, in any order, and over a restart of the broker in full flight are stored once each; none that was acknowledged is lost', async () => {
  const server = await startServer([]);
  stops.push(() => server.stop());
  const device = await server.enrolled('sheep');
  const acknowledged = new Set<number>();
  let firstHalf = (): void => {};
  const half = new Promise<void>((resolve) => {
    firstHalf = resolve;
  });
  let cut = (): void => {};
  const cutOff = new Promise<void>((resolve) => {
    cut = resolve;
  });
  const send = async (seed: number): Promise<void> => {
    const client = await device.connect();
    const bytes = (sequence: number) => bytesOf(windowOf({ sequence, device: device.id }));
    const sent = twiceInDisorder(seed).map(async (sequence) => {
      await client.publishAsync(device.topic('window'), bytes(sequence), { qos: 1 });
      acknowledged.add(sequence);
      if (acknowledged.size === count / 2) firstHalf();
    });
    // Those that the restart cuts off are sent again.
    await Promise.race([Promise.all(sent), cutOff]).catch(() => {});
    client.end(true);
  };
  const first = send(1);
  await half;
  await server.restart();
  cut();
  await first;
  const stored = storedOf(server.data, device);
  expect([...acknowledged].filter((sequence) => !stored.includes(sequence))).toEqual([]);
  const client = await device.connect();
  for (const sequence of twiceInDisorder(2)) {
    const bytes = bytesOf(windowOf({ sequence, device: device.id }));
    await client.publishAsync(device.topic('window'), bytes, { qos: 1 });
  }
  client.end(true);
  expect(storedOf(server.data, device)).toEqual(sequences);
});

it('orders that come late or again change nothing: the newest stands, over a restart too', async () => {
  const world = await TrustWorld.start();
  stops.push(() => world.stop());
  const disk = { folder: `${world.folder}/device`, files: nodeFiles };
  const device = await ReconcileWorld.open({ world, disk, engine: new VerifyingEngine() });
  stops.push(() => device.reconciler.stop());
  await device.reconciler.start();
  const releases = [sampleRelease('digits', '1.0.0'), sampleRelease('digits', '1.1.0')];
  for (const release of releases) await world.repository.addRelease(release);
  const [older, newer] = releases.map((release) => world.order(release));
  if (older === undefined || newer === undefined) throw new TypeError('two orders');
  const outcomes: string[] = [];
  for (const envelope of [newer, older, newer, older]) {
    const outcome = await device.trust.offerOrder(envelope, world.signal);
    outcomes.push(outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind);
    device.reconciler.orderChanged();
  }
  expect(outcomes).toEqual(['accepted', 'generation-old', 'unchanged', 'generation-old']);
  await device.untilServing('1.1.0');
  await device.reconciler.stop();
  const again = await ReconcileWorld.open({ world, disk, engine: new VerifyingEngine() });
  stops.push(() => again.reconciler.stop());
  await again.reconciler.start();
  expect(await again.trust.offerOrder(older, world.signal)).toMatchObject({ kind: 'refused' });
  await again.untilServing('1.1.0');
});
