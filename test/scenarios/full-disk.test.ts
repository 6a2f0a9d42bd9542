import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeStatus } from '@bellwether/agent/status';
import type { TelemetrySummary } from '@bellwether/control-plane/http/operator-api';
import { sha256 } from '@bellwether/shared/signing/digest';
import { digitRequest } from '../support/agent-world.js';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { localRequest } from '../support/local-http.js';
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { storedWindows, totalsOf } from '../support/stored-windows.js';

/** Disks that run full while the fleet works, told in order: each chapter begins where the last one ended. */
let fleet: FleetProcesses;
let agent: AgentProcess;
let aside: string;
let serverDisk: SmallDisk;
let agentDisk: SmallDisk;
let sent = 0;
/** For what other processes do, on a machine that stands still for seconds. */
const timeout = 30_000;

const digits = (version: string) => fileURLToPath(new URL(version, digitsFolder));

beforeAll(async () => {
  if (!canMount) return;
  aside = await mkdtemp(join(tmpdir(), 'bellwether-aside-'));
  fleet = await FleetProcesses.start(['digits']);
  await fleet.publish(digits('1.0.0'), 'digits@1.0.0');
  await fleet.publish(digits('1.1.0'), 'digits@1.1.0');
  await fleet.api('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
  await fleet.stopServer();
  await cp(fleet.data, join(aside, 'data'), { recursive: true });
  serverDisk = mountSmallDisk(fleet.data, 20_000);
  await cp(join(aside, 'data'), fleet.data, { recursive: true });
  await fleet.startServer();
  agentDisk = mountSmallDisk(join(fleet.folder, 'meadow'), 20_000);
  agent = await fleet.startAgent('meadow', { windowSeconds: 1, startSpreadMs: 0, limits: { diskReserveMb: 0 } });
  await untilServes('1.0.0');
});

afterAll(async () => {
  if (!canMount) return;
  // Also where the beginning failed: no process and no mount stays behind.
  agent?.child.kill('SIGKILL');
  for (const disk of [serverDisk, agentDisk]) disk?.remove();
  await fleet?.stop();
  await rm(aside, { recursive: true, force: true });
});

async function untilServes(version: string): Promise<void> {
  await fleet.until(`digits@${version} serves`, ([device]) => {
    return device !== undefined && servedVersion(device, 'digits') === version;
  });
}

async function sendDigits(count: number): Promise<void> {
  for (let index = 0; index < count; index++, sent++) {
    const body = JSON.stringify(digitRequest(index));
    const path = '/v2/models/digits/infer';
    expect((await localRequest({ socketPath: agent.socketPath }, path, { method: 'POST', body })).status).toBe(200);
  }
}

async function status() {
  return decodeStatus((await localRequest({ socketPath: agent.socketPath }, '/bellwether/status')).body);
}

/** Fills a disk to its last byte; answers how to make room again. */
async function fill({ folder }: SmallDisk): Promise<() => Promise<void>> {
  const path = join(folder, 'ballast');
  const { bavail, bsize } = await statfs(folder);
  await writeFile(path, Buffer.alloc(bavail * bsize)).catch(() => {});
  return () => rm(path);
}

describe.skipIf(!canMount)('a full disk', () => {
  it('of the server: nothing is acknowledged that is not stored, an upload is told `storage`, nothing is lost', async () => {
    const makeRoom = await fill(serverDisk);
    const received = storedWindows(fleet.data).length;
    await sendDigits(20);
    const waiting = async () => (await status()).outbox.waiting;
    await expect.poll(waiting, { timeout }).toBeGreaterThanOrEqual(2);
    const blob = randomFillSync(Buffer.alloc(100_000));
    const upload = await fetch(`${fleet.httpUrl}/api/v1/blobs/sha256/${sha256(blob)}`, {
      method: 'PUT',
      body: blob,
      headers: { authorization: `Bearer ${fleet.token}`, 'content-type': 'application/octet-stream' },
    });
    expect([upload.status, await upload.json()]).toMatchObject([expect.any(Number), { code: 'storage' }]);
    const during = storedWindows(fleet.data).length;
    expect(during - received).toBeLessThan(3);
    await makeRoom();
    await expect.poll(() => totalsOf(storedWindows(fleet.data)).requests, { timeout }).toBe(sent);
    expect(await fleet.api<TelemetrySummary>('/telemetry/summary')).toMatchObject({ windowsLost: 0 });
  });

  it('of the device: it serves on, refuses what it cannot store as `disk`, and takes it when there is room', async () => {
    const makeRoom = await fill(agentDisk);
    await fleet.api('/rollouts', { release: 'digits@1.1.0', to: { all: true } });
    await expect.poll(() => agent.log(), { timeout }).toContain('"code":"disk"');
    await sendDigits(20);
    const { state, models } = await status();
    expect(models).toMatchObject([{ model: 'digits', serving: { version: '1.0.0' } }]);
    expect(state).not.toBe('critical');
    expect(agent.child.exitCode).toBe(null);
    await makeRoom();
    await untilServes('1.1.0');
    await sendDigits(1);
    // What the disk did not take is counted, and said.
    const untold = async () => {
      const { windowsLost } = await fleet.api<TelemetrySummary>('/telemetry/summary');
      return (await status()).outbox.lostWindows - windowsLost;
    };
    await expect.poll(untold, { timeout }).toBe(0);
  });

  it('of the device at its start: what it has verified serves, its health is critical, lost telemetry is counted', async () => {
    agent.child.kill('SIGKILL');
    await once(agent.child, 'exit');
    const makeRoom = await fill(agentDisk);
    agent = await fleet.startAgent('meadow', { windowSeconds: 1, startSpreadMs: 0, limits: { diskReserveMb: 0 } });
    const answers = async () => (await status()).models[0]?.serving?.version;
    await expect.poll(answers, { timeout }).toBe('1.1.0');
    await sendDigits(3);
    await expect.poll(async () => (await status()).outbox.lostWindows, { timeout }).toBeGreaterThan(1);
    expect((await status()).health).toBe('critical');
    await makeRoom();
    await expect.poll(async () => (await status()).health, { timeout }).toBe('ok');
    const { lostWindows } = (await status()).outbox;
    expect(lostWindows).toBeGreaterThan(1);
    const told = async () => (await fleet.api<TelemetrySummary>('/telemetry/summary')).windowsLost;
    await expect.poll(told, { timeout }).toBeGreaterThanOrEqual(lostWindows);
  });
});
