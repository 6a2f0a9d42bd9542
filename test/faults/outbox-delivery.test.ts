import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { systemClock } from '@bellwether/shared/clock';
import { parseDeviceTopic } from '@bellwether/shared/contract/topics';
import { silentLog } from '@bellwether/shared/log';
import { startBroker } from '../support/broker.js';
import { readAll } from '../support/outbox-content.js';
import { type OutboxHappening, OutboxLives, outboxBytes } from '../support/outbox-lives.js';

const writer = fileURLToPath(new URL('../support/delivering-writer.js', import.meta.url));

let folder = '';
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-delivery-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await rm(folder, { recursive: true });
});

const happening: Arbitrary<OutboxHappening> = oneof(
  {
    weight: 6,
    arbitrary: record({
      does: constant('put' as const),
      kind: constantFrom('window' as const, 'event' as const),
      bytes: integer({ min: 0, max: 900 }),
    }),
  },
  { weight: 3, arbitrary: record({ does: constantFrom('connect' as const, 'drop' as const, 'kill' as const) }) },
  {
    weight: 2,
    arbitrary: record({
      does: constant('broker' as const),
      answer: constantFrom('take' as const, 'hang' as const, 'swallow' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: record({ does: constant('wait' as const), ms: constantFrom(0, 500, 5000, 30_000, 4_000_000) }),
  },
);

describe('between the outbox and the broker', () => {
  it('every window and event is delivered, waits, or is counted as lost, whatever happens', async () => {
    let run = 0;
    await assert(
      asyncProperty(array(happening, { minLength: 20, maxLength: 60 }), async (happenings) => {
        const lives = new OutboxLives(join(folder, `outbox-${run++}`));
        for (const each of happenings) await lives.happen(each);
        const { waiting, lost, counted, bytes } = await lives.rest();
        const missing = lives.put.filter((text) => !lives.received.has(text) && !waiting.includes(text));
        expect(missing.length).toBeLessThanOrEqual(lost);
        // What is neither there nor lost was acknowledged: nothing is counted twice.
        expect(lives.put.length - waiting.length - lost).toBeLessThanOrEqual(lives.acknowledged.size);
        expect(counted).toBe(waiting.length);
        expect(bytes).toBe(waiting.reduce((sum, text) => sum + text.length, 0));
        expect(bytes).toBeLessThanOrEqual(outboxBytes);
      }),
      { numRuns: 40, seed: 5 },
    );
  }, 60_000);

  it('kill -9 in full flight loses nothing that was put', async () => {
    const broker = await startBroker();
    ends.push(() => broker.stop());
    const put: number[] = [];
    for (const lines of [60, 150, 333]) {
      const args = [writer, folder, broker.url, String(put.length)];
      const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      ends.push(() => child.kill('SIGKILL'));
      if (child.stdout === null) throw new Error('the writer has no output');
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        put.push(Number(line.split(' ')[1]));
        if (++seen === lines) child.kill('SIGKILL');
      }
      // Its output ends a moment before the lock of its database.
      await ended;
    }
    const outbox = await openOutbox({ folder, maxBytes: 1e8, maxAgeMs: 1e12, clock: systemClock, log: silentLog });
    ends.push(() => outbox.close());
    const numberOf = (payload: Uint8Array): number => Number.parseInt(Buffer.from(payload).toString(), 10);
    const waiting = (await readAll(outbox)).map(({ payload }) => numberOf(payload));
    const received = broker.messages.filter(({ topic }) => parseDeviceTopic(topic)?.what === 'window');
    const arrived = new Set(received.map(({ payload }) => numberOf(payload)));
    expect(put.filter((number) => !arrived.has(number) && !waiting.includes(number))).toEqual([]);
    expect(arrived.size).toBeGreaterThan(50);
    expect(outbox.state).toMatchObject({ waiting: waiting.length, lostWindows: 0 });
  });
});
