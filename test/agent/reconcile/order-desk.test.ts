import { describe, expect, it } from 'vitest';
import type { Announcement } from '@bellwether/agent/installs/install';
import { OrderDesk } from '@bellwether/agent/reconcile/order-desk';
import type { OrderOutcome } from '@bellwether/agent/trust/device-trust';
import type { Order } from '@bellwether/shared/contract/order';
import type { RefusalCode } from '@bellwether/shared/contract/refusal';
import { silentLog } from '@bellwether/shared/log';
import { orderDigest } from '../../support/installs.js';
import { ManualClock } from '../../support/manual-clock.js';
import { deviceNamed } from '../../support/signed-order.js';

const order: Order = {
  schema: 'bellwether.order.v1',
  device: deviceNamed('meadow'),
  epoch: 1,
  generation: 4,
  issuedAtMs: 0,
  models: {},
  empty: true,
};
const accepted: OrderOutcome = { kind: 'accepted', accepted: { order, digest: orderDigest('four') } };
const refused = (code: RefusalCode): OrderOutcome => ({
  kind: 'refused',
  refusal: { code, message: `it is ${code}` },
  generation: 3,
});

/** A desk before a gate that gives these answers, one after the other; the last one stays. */
function setUp(...answers: readonly (OrderOutcome | Error)[]) {
  const clock = new ManualClock();
  const events: Announcement[] = [];
  const offered: string[] = [];
  const taken: Order[] = [];
  let refusals = 0;
  const desk = new OrderDesk({
    trust: {
      offerOrder: (envelope) => {
        offered.push(Buffer.from(envelope).toString());
        const answer = answers[Math.min(offered.length, answers.length) - 1];
        if (answer === undefined) throw new Error('no answer was given');
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    announce: (event) => events.push(event),
    onAccepted: (newest) => taken.push(newest),
    onRefused: () => refusals++,
    clock,
    random: () => 1,
    log: silentLog,
  });
  return { desk, clock, events, offered, taken, refusals: () => refusals };
}

const envelope = Buffer.from('an order');

describe('an order that no known key signed', () => {
  it('too soon after another such one is offered again: whoever sends the first must not keep the second away', async () => {
    const refusal = { code: 'order-signature', message: 'no known key' } as const;
    const { desk, clock, offered, taken } = setUp({ kind: 'refused', refusal, isTooSoon: true }, accepted);
    await desk.take(envelope);
    expect([taken, desk.refusal?.code]).toEqual([[], 'order-signature']);
    await clock.advance(120_000);
    expect([offered.length, taken.length]).toEqual([2, 1]);
  });

  it('and none of newer keys either is not offered again by itself', async () => {
    const { desk, clock, offered } = setUp(refused('order-signature'));
    await desk.take(envelope);
    await clock.advance(24 * 3_600_000);
    expect(offered).toHaveLength(1);
  });
});

describe('an order that arrives', () => {
  it('and is accepted is announced and followed', async () => {
    const { desk, events, taken } = setUp(accepted);
    await desk.take(envelope);
    expect(taken).toEqual([order]);
    expect(events).toEqual([{ kind: 'order-accepted', message: 'generation 4 of epoch 1' }]);
    expect(desk.refusal).toBeNull();
  });

  it('once more changes nothing', async () => {
    const { desk, events, taken } = setUp({ kind: 'unchanged' });
    await desk.take(envelope);
    expect([taken, events]).toEqual([[], []]);
  });

  it('and is refused is announced and reported with its code, until a good one comes', async () => {
    const { desk, clock, events, taken, refusals } = setUp(refused('generation-old'), accepted);
    await desk.take(envelope);
    expect(events).toEqual([{ kind: 'order-refused', code: 'generation-old', message: 'it is generation-old' }]);
    expect(desk.refusal).toMatchObject({ code: 'generation-old', generation: 3, atMs: clock.now().wallMs });
    expect([taken, refusals()]).toEqual([[], 1]);
    await desk.take(envelope);
    expect(desk.refusal).toBeNull();
  });

  it('and is refused again for the same reason is announced once: it comes with every connection', async () => {
    const { desk, events, refusals } = setUp(
      refused('generation-old'),
      refused('generation-old'),
      refused('order-device'),
    );
    await desk.take(envelope);
    await desk.take(envelope);
    expect(events).toHaveLength(1);
    await desk.take(envelope);
    expect(events.map(({ code }) => code)).toEqual(['generation-old', 'order-device']);
    expect(refusals()).toBe(3);
  });

  it('and is refused for good is not judged again', async () => {
    const { desk, clock, offered } = setUp(refused('order-signature'));
    await desk.take(envelope);
    expect(clock.pending).toEqual([]);
    expect(offered).toHaveLength(1);
  });

  it.each([
    ['the metadata cannot be fetched', refused('network')],
    ['the disk is full', new Error('ENOSPC')],
  ])('while %s is judged again later', async (_why, answer) => {
    const { desk, clock, taken } = setUp(answer, answer, accepted);
    await desk.take(envelope);
    expect(clock.pending).toEqual([2000]);
    await clock.advance(2000);
    expect(clock.pending).toEqual([4000]);
    await clock.advance(4000);
    expect(taken).toEqual([order]);
  });

  it('takes the place of one that waits', async () => {
    const { desk, clock, offered } = setUp(refused('network'), accepted);
    await desk.take(envelope);
    await desk.take(Buffer.from('a newer order'));
    expect(clock.pending).toEqual([]);
    expect(offered).toEqual(['an order', 'a newer order']);
  });

  it('is not judged again once the desk has closed', async () => {
    const { desk, clock } = setUp(refused('network'));
    await desk.take(envelope);
    desk.stop();
    expect(clock.pending).toEqual([]);
  });
});
