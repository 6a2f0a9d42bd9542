import { describe, expect, it } from 'vitest';
import { answerTo } from '@bellwether/agent/inquiries/answer';
import { AnswerDesk } from '@bellwether/agent/inquiries/answer-desk';
import { LogMemory } from '@bellwether/agent/inquiries/log-memory';
import { decodeAnswer, type Inquiry, maxAnswerBytes } from '@bellwether/shared/contract/inquiry';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from '../../support/manual-clock.js';

const inquiry = (digit: string, expiresAtMs = 2_000_000_000_000): Inquiry => ({
  id: digit.repeat(32),
  kind: 'logs',
  expiresAtMs,
});
const isSoon = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
};

class World {
  readonly clock = new ManualClock();
  readonly sent: string[] = [];
  isAway = false;
  readonly desk = new AnswerDesk({
    answer: () => Promise.resolve(new Uint8Array()),
    send: (id) => {
      this.sent.push(id.slice(0, 1));
      return this.isAway ? Promise.reject(new Error('away')) : Promise.resolve('taken');
    },
    serverTimeMs: () => this.clock.now().wallMs,
    clock: this.clock,
    random: () => 0,
    log: silentLog,
  });
}

describe('questions in an order', () => {
  it('are answered once each, however often the order says them', async () => {
    const { desk, sent } = new World();
    desk.ordered([inquiry('a'), inquiry('b')]);
    await isSoon();
    desk.ordered([inquiry('b'), inquiry('c')]);
    await isSoon();
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('are answered again and again while the server is away, ever more rarely, and at once when it is back', async () => {
    const world = new World();
    world.isAway = true;
    world.desk.ordered([inquiry('a')]);
    await isSoon();
    await world.clock.advance(60_000);
    expect(world.sent.length).toBeGreaterThan(2);
    expect(world.sent.length).toBeLessThan(8);
    world.isAway = false;
    const { length } = world.sent;
    world.desk.connected();
    await isSoon();
    expect(world.sent).toHaveLength(length + 1);
    await world.clock.advance(3_600_000);
    expect(world.sent).toHaveLength(length + 1);
  });

  it('are left when they have run out', async () => {
    const world = new World();
    world.isAway = true;
    const nowMs = world.clock.now().wallMs;
    world.desk.ordered([inquiry('a', nowMs - 1), inquiry('b', nowMs + 20_000)]);
    await isSoon();
    await world.clock.advance(3_600_000);
    expect(new Set(world.sent)).toEqual(new Set(['b']));
    expect(world.clock.pending).toEqual([]);
  });

  it('are no reason not to stop', async () => {
    const world = new World();
    world.isAway = true;
    world.desk.ordered([inquiry('a')]);
    await isSoon();
    await world.desk.stop();
    expect(world.clock.pending).toEqual([]);
  });
});

describe('an answer', () => {
  const device = 'pi-7-0123456789abcdef';
  const about = { device, atMs: 5 };

  it('has the newest lines that fit, and says how many do not', () => {
    const logs = new LogMemory({ clock: new ManualClock(), maxChars: 10_000_000 });
    const log = logs.beside(silentLog);
    for (let i = 0; i < 1000; i++) log.info({ why: '\u00e9'.repeat(490) }, `line ${i}`);
    const bytes = answerTo({ kind: 'logs', lines: 1000 }, { ...about, logs, facts: {} });
    const answer = decodeAnswer(bytes);
    if (answer.kind !== 'logs') throw new Error('not a log');
    expect(bytes.byteLength).toBeLessThan(maxAnswerBytes);
    expect(answer.lines.at(-1)?.text).toBe('line 999');
    expect(answer.lines.length + answer.dropped).toBe(1000);
    expect(answer.lines.length).toBeGreaterThan(200);
  });

  it('has the facts without their secrets', () => {
    const logs = { newest: () => ({ lines: [], dropped: 0 }) };
    const facts = { configuration: { joinToken: 'abc', name: 'pi' }, clock: { serverMs: undefined } };
    const answer = decodeAnswer(answerTo({ kind: 'diagnostics' }, { ...about, logs, facts }));
    expect(answer).toMatchObject({ facts: { configuration: { joinToken: '(hidden)', name: 'pi' }, clock: {} } });
  });
});
