import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalApi } from '@bellwether/agent/inference/local-api-http';
import { Serving } from '@bellwether/agent/inference/serving';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { localRequest } from '../../support/local-http.js';
import { ObservedCalls } from '../../support/observed-calls.js';
import { trialParts } from '../../support/trial-parts.js';

const long = 'x'.repeat(4 * 1024 * 1024);
let folder: string;
let socketPath: string;
let api: LocalApi;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-api-'));
  socketPath = join(folder, 'agent.sock');
  const observer = new ObservedCalls();
  const limits = { queueLength: 2, deadlineMs: 10_000, drainMs: 30_000 };
  api = new LocalApi({
    serving: new Serving({ clock: systemClock, observer, trials: trialParts(), limits, onRunnerDied: () => {} }),
    observer,
    clock: systemClock,
    log: silentLog,
    agentVersion: '1.2.3',
    isReady: () => true,
    status: () => ({ long }),
    config: { socketPath, maxBodyBytes: 1024 * 1024, stopGraceMs: 5_000 },
  });
  await api.start();
});
afterEach(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

describe('a local API that is told to stop', () => {
  it('answers who has just connected', async () => {
    const asked = Array.from({ length: 20 }, () => localRequest({ socketPath }, '/v2/health/live'));
    await Promise.all([api.stop(), ...asked]);
    for (const reply of asked) expect((await reply).status).toBe(200);
  });

  it('gives who reads slowly the whole of an answer that is on its way', async () => {
    const reader = connect(socketPath);
    reader.write('GET /bellwether/status HTTP/1.1\r\nhost: a\r\n\r\n');
    // Its beginning is here; the rest does not fit between the two.
    await once(reader, 'readable');
    const stopped = api.stop();
    expect((await text(reader)).length).toBeGreaterThan(long.length);
    await stopped;
  });

  it('takes nobody else while such an answer is on its way', async () => {
    const reader = connect(socketPath);
    reader.write('GET /bellwether/status HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(reader, 'readable');
    const stopped = api.stop();
    while (await isConnected()) continue;
    expect((await text(reader)).length).toBeGreaterThan(long.length);
    await stopped;
  });
});

/** False when nobody listens any more. */
async function isConnected(): Promise<boolean> {
  const caller = connect(socketPath);
  const isOpen = await once(caller, 'connect').then(
    () => true,
    () => false,
  );
  caller.destroy();
  return isOpen;
}
