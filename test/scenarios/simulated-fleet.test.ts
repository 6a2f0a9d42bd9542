import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FleetSnapshot } from '@bellwether/agent/simulation/simulated-fleet';
import type { DeviceView, TokenReply } from '@bellwether/control-plane/http/operator-api';
import { servedVersion } from '../support/fleet-process.js';
import { startServer, type TestServer } from '../support/server.js';
import { storedWindows, totalsOf } from '../support/stored-windows.js';

const agentMain = fileURLToPath(import.meta.resolve('@bellwether/agent/main'));
const devices = 20;
/** One that says nothing: the server never hears what it serves. */
const heard = devices - 1;
const crashing = 2;
const failing = 2;

let server: TestServer;
let child: ChildProcess;
let json: string;

beforeAll(async () => {
  server = await startServer(['digits']);
  await server.publishDigits('1.0.0');
  await server.publishDigits('1.1.0');
  const { token } = await server.read<TokenReply>('/tokens', { uses: devices });
  const config = join(server.data, 'simulation.json');
  const root = { file: join(server.keys, 'root.json') };
  const settings = {
    server: { url: server.httpUrl },
    root,
    allowDevelopment: true,
    windowSeconds: 1,
    startSpreadMs: 0,
  };
  await writeFile(config, JSON.stringify({ name: 'herd', joinToken: token, ...settings }));
  const behaviour = join(server.data, 'behaviour.yaml');
  await writeFile(behaviour, JSON.stringify({ version: 1, groups, otherwise: { requestsPerSecond: 10 } }));
  json = join(server.data, 'simulation-outcome.json');
  const args = ['--devices', String(devices), '--config', config, '--behaviour', behaviour, '--json', json];
  child = spawn(process.execPath, [agentMain, 'simulate', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
});

const groups = [
  { name: 'mute', share: 0.05, silent: true },
  { name: 'crashing', share: crashing / devices, crashEverySeconds: 2 },
  { name: 'flapping', share: 0.05, flapping: { upSeconds: 3, downSeconds: 1 } },
  { name: 'offline', share: 0.1, offline: { afterSeconds: 1, forSeconds: 2 } },
  { name: 'slow', share: 0.1, slowLinkBytesPerSecond: 1_000_000 },
  {
    name: 'failing',
    share: failing / devices,
    requestsPerSecond: 10,
    releases: [{ release: 'digits@1.1.0', errors: 0.5, deaths: 0.01 }],
  },
];

afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await server.stop();
});

/**
 * Orders a version and waits until every device that speaks has said that it serves: not all at one time, since those that
 * fail go back after three deaths in their probation, and another may be away until then.
 */
async function reaches(version: string): Promise<void> {
  await server.read('/rollouts', { release: `digits@${version}`, to: { all: true } });
  const reached = new Set<string>();
  const count = async (): Promise<number> => {
    const { devices: views } = await server.read<{ readonly devices: readonly DeviceView[] }>('/devices');
    for (const device of views) if (servedVersion(device, 'digits') === version) reached.add(device.id);
    return reached.size;
  };
  await expect.poll(count, { timeout: 30_000, interval: 100 }).toBe(heard);
}

it('simulates a fleet in which devices crash, flap and go offline, and all of them get from release to release', async () => {
  await reaches('1.0.0');
  await reaches('1.1.0');
  // Two of them fail from now on, and one was up to now cut off or down.
  const failed = () => totalsOf(storedWindows(server.data)).errors;
  await expect.poll(failed, { timeout: 30_000, interval: 100 }).toBeGreaterThan(0);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  expect(code).toBe(0);
  const outcome = JSON.parse(await readFile(json, 'utf8')) as FleetSnapshot;
  expect(outcome).toMatchObject({ devices, enrolled: devices, connected: 0 });
  expect(outcome.crashes).toBeGreaterThan(0);
  // Those that crash may have been down in that moment, and those that fail may have gone back; the server has heard from all of them.
  expect(outcome.serving['digits@1.1.0']?.devices).toBeGreaterThanOrEqual(heard - crashing - failing);
  // Each look at the repository is shared: three versions of it, however often devices asked.
  expect(outcome.metadata.verified).toBeLessThan(outcome.metadata.asked);
  expect(outcome.calls.answered).toBeGreaterThan(100);
  expect(outcome.calls.failed).toBeGreaterThan(0);
  // A device that was cut off sends again what may have arrived: stored once.
  const stored = storedWindows(server.data).filter(({ device }) => device.startsWith('herd-')).length;
  expect(outcome.windows.lost).toBe(0);
  expect(stored).toBeGreaterThanOrEqual(outcome.windows.acknowledged);
  expect(stored).toBeLessThanOrEqual(outcome.windows.sent);
});
