import { afterEach, describe, expect, it } from 'vitest';
import type { ToldAlert } from '@bellwether/control-plane/alerts/alerts';
import { DeliveryQueueSql } from '@bellwether/control-plane/webhooks/delivery-queue-sql';
import { WebhookAddresses } from '@bellwether/control-plane/webhooks/webhook-address';
import type { WebhookReply, WebhookView } from '@bellwether/control-plane/webhooks/webhook-api';
import { WebhookDeliveries } from '@bellwether/control-plane/webhooks/webhook-deliveries';
import { WebhookSenderHttp } from '@bellwether/control-plane/webhooks/webhook-sender-http';
import { WebhookStoreSql } from '@bellwether/control-plane/webhooks/webhook-store-sql';
import { Webhooks } from '@bellwether/control-plane/webhooks/webhooks';
import type { Alert } from '@bellwether/shared/contract/alert';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { alertOf } from '../../support/operator-views.js';
import { RecordedAudit } from '../../support/recorded-audit.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const by = 'operator:ada';
const hourMs = 3_600_000;
const loopback = ['127.0.0.0/8'];

let database: TestDatabase | undefined;
let receiver: WebhookReceiver;
let deliveries: WebhookDeliveries | undefined;
afterEach(async () => {
  await deliveries?.stop();
  await receiver.stop();
  await database?.remove();
  database = undefined;
});

/** Webhooks on a real database, a real receiver, and a clock that stands still. */
async function opened(networks = loopback) {
  receiver = await startWebhookReceiver();
  const { sqlite } = (database = await temporaryDatabase(':memory:'));
  const clock = new ManualClock();
  const audit = new RecordedAudit();
  const store = new WebhookStoreSql(sqlite);
  const queue = new DeliveryQueueSql(sqlite);
  const addresses = new WebhookAddresses(networks);
  const sender = new WebhookSenderHttp(addresses, { clock, version: '1.2.3' });
  /** Alerts as they are now. */
  const known = new Map<string, Alert>();
  const start = () => {
    deliveries = new WebhookDeliveries({
      store,
      queue,
      sender,
      serverSecret: 'master',
      clock,
      log: silentLog,
      audit,
      dice: () => 1,
    });
    deliveries.start();
    const labelsOf = () => undefined;
    const parts = { store, queue, deliveries, addresses, serverSecret: 'master', clock, audit, labelsOf };
    return new Webhooks({ ...parts, alertOf: (id) => known.get(id) });
  };
  const webhooks = start();
  const tell = (news: ToldAlert['news'], changes: Partial<Alert> = {}) => {
    const alert = alertOf(changes.id ?? 'a1', changes);
    known.set(alert.id, alert);
    webhooks.tell([{ news, alert, devices: [] }]);
  };
  /** Lets what is due and on its way happen, without moving the time, until this is so. */
  const until = async (isSo: (only: WebhookView) => boolean) => {
    for (;;) {
      await clock.advance(0);
      const [only] = webhooks.views();
      if (only !== undefined && isSo(only)) return only;
    }
  };
  return { clock, audit, store, queue, webhooks, tell, until, start };
}

const types = () => receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
const ids = () => receiver.received.map(({ headers }) => headers['webhook-id']);
const view = (webhooks: Webhooks) => webhooks.views()[0];

describe('a webhook', () => {
  it('is told what happens to an alert, in order, and nothing waits then', async () => {
    const { webhooks, tell, until } = await opened();
    webhooks.create({ name: 'pager', url: receiver.url }, by);
    for (const news of ['opened', 'changed', 'acknowledged'] as const) tell(news);
    tell('resolved', { state: 'resolved' });
    await until(({ waiting }) => waiting === 0);
    expect(types()).toEqual(['alert.opened', 'alert.acknowledged', 'alert.resolved']);
    expect(new Set(ids()).size).toBe(3);
    const [first] = receiver.received;
    expect(JSON.parse(first?.body ?? '')).toMatchObject({ timestamp: '2026-01-01T00:00:00.000Z', data: alertOf('a1') });
    expect(first?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'bellwether/1.2.3' });
    expect(view(webhooks)).toMatchObject({ waiting: 0, lost: 0, failingSinceMs: null, problem: null });
  });

  it.each([
    ['500', 500, 'it answered 500'],
    ['404', 404, 'it answered 404'],
    ['a redirect, which is not followed', 302, 'it answered 302'],
    ['a closed connection', 'closed', 'socket hang up'],
  ] as const)(
    'is tried again after %s, under the same id, and what came later waits',
    async (_what, answer, problem) => {
      const { webhooks, tell, clock, until } = await opened();
      webhooks.create({ name: 'pager', url: receiver.url }, by);
      receiver.answer(
        answer === 302
          ? (response) => void response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end()
          : answer,
      );
      tell('opened');
      tell('acknowledged');
      expect(await until(({ triedAtMs }) => triedAtMs !== null)).toMatchObject({ waiting: 2, problem });
      await clock.advance(4_999);
      expect(receiver.received).toHaveLength(1);
      receiver.answer(204);
      await clock.advance(1);
      await until(({ waiting }) => waiting === 0);
      expect(types()).toEqual(['alert.opened', 'alert.opened', 'alert.acknowledged']);
      expect(ids()[0]).toBe(ids()[1]);
      const stamps = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']));
      expect((stamps[1] ?? 0) - (stamps[0] ?? 0)).toBe(5);
      expect(receiver.received.every(({ path }) => path === '/hook')).toBe(true);
    },
  );

  it('does not wait for ever for an answer', async () => {
    const { webhooks, tell, clock, until } = await opened();
    webhooks.create({ name: 'slow', url: receiver.url }, by);
    receiver.answer('never');
    tell('opened');
    await clock.advance(0);
    await receiver.untilReceived(1);
    await clock.advance(10_000);
    const after = await until(({ triedAtMs }) => triedAtMs !== null);
    expect(after).toMatchObject({ waiting: 1, problem: 'no answer within 10 s' });
  });

  it('counts by its status, whatever it says after it', async () => {
    const { webhooks, tell, until } = await opened();
    webhooks.create({ name: 'chatty', url: receiver.url }, by);
    receiver.answer((response) => {
      response.writeHead(200);
      response.on('error', () => {});
      const more = () => void (response.destroyed || response.write(Buffer.alloc(65_536), more));
      more();
    });
    tell('opened');
    expect(await until(({ triedAtMs }) => triedAtMs !== null)).toMatchObject({ waiting: 0, problem: null });
  });

  it('gets at once what could not reach it, as soon as one thing does', async () => {
    const { webhooks, tell, clock, until, queue } = await opened();
    webhooks.create({ name: 'pager', url: receiver.url }, by);
    receiver.answer(503);
    for (const id of ['a1', 'a2', 'a3']) tell('opened', { id });
    // Theirs is due in 5 s; the fourth is due now.
    await until(() => queue.due(1, clock.now().wallMs) === undefined);
    receiver.answer(204);
    tell('opened', { id: 'a4' });
    const after = await until(({ waiting }) => waiting === 0);
    expect(after).toMatchObject({ lost: 0, failingSinceMs: null });
    expect(receiver.received).toHaveLength(7);
  });

  it('is tried for a day, said in the status, and then what nobody took is given up', async () => {
    const { webhooks, tell, clock, until, queue } = await opened();
    webhooks.create({ name: 'dead', url: receiver.url }, by);
    receiver.answer(500);
    tell('opened');
    const startMs = clock.now().wallMs;
    for (let nextMs: number | undefined = startMs; nextMs !== undefined; nextMs = queue.nextAtMs(1)) {
      const atMs = nextMs;
      await clock.advance(atMs - clock.now().wallMs);
      await until(({ triedAtMs }) => triedAtMs === atMs);
    }
    expect(clock.now().wallMs - startMs).toBeGreaterThan(22 * hourMs);
    expect(new Set(ids()).size).toBe(1);
    expect(view(webhooks)).toMatchObject({ waiting: 0, lost: 1, disabledAtMs: null });
    expect(webhooks.troubles()).toEqual([
      { name: 'dead', sinceMs: startMs, isDisabled: false, problem: 'it answered 500' },
    ]);
  });

  it('is told of nothing more once it is disabled, until a test arrives', async () => {
    const { webhooks, tell, until, audit } = await opened();
    webhooks.create({ name: 'dead', url: receiver.url }, by);
    receiver.answer(410);
    tell('opened', { id: 'a1' });
    tell('opened', { id: 'a2' });
    const after = await until(({ disabledAtMs }) => disabledAtMs !== null);
    expect(after).toMatchObject({ waiting: 0, lost: 2, problem: 'it answered 410' });
    expect(webhooks.troubles()).toMatchObject([{ name: 'dead', isDisabled: true }]);
    expect(audit.entries.map(({ actor, action }) => `${actor} ${action}`)).toContain('server webhook.disable');
    tell('opened', { id: 'a3' });
    expect(view(webhooks)?.waiting).toBe(0);
    receiver.answer(204);
    expect(await webhooks.test('dead', by)).toMatchObject({ isDelivered: true, status: 204, problem: null });
    expect(types().at(-1)).toBe('webhook.test');
    expect(webhooks.troubles()).toEqual([]);
    tell('opened', { id: 'a4' });
    await until(({ waiting }) => waiting === 0);
    expect(types()).toEqual(['alert.opened', 'webhook.test', 'alert.opened']);
  });

  it('hears the end of what it heard of before it was disabled, once a test arrives, and of nothing else', async () => {
    const { webhooks, tell, until } = await opened();
    webhooks.create({ name: 'pager', url: receiver.url }, by);
    for (const id of ['a1', 'a2', 'a3']) tell('opened', { id });
    await until(({ waiting }) => waiting === 0);
    receiver.answer(410);
    // Neither of them is heard: the end of what was, and the beginning of another.
    tell('resolved', { id: 'a1', state: 'resolved' });
    tell('opened', { id: 'a4' });
    await until(({ disabledAtMs }) => disabledAtMs !== null);
    // Nor is what happens meanwhile.
    tell('resolved', { id: 'a2', state: 'resolved' });
    tell('resolved', { id: 'a4', state: 'resolved' });
    receiver.answer(204);
    const before = receiver.received.length;
    await webhooks.test('pager', by);
    await until(({ waiting }) => waiting === 0);
    const heard = receiver.received
      .slice(before)
      .map(({ body }) => JSON.parse(body) as { type: string; data: { id?: string } });
    expect(heard.map(({ type, data }) => [type, data.id])).toEqual([
      ['webhook.test', undefined],
      ['alert.resolved', 'a1'],
      ['alert.resolved', 'a2'],
    ]);
    // What lasts is told of as before.
    tell('resolved', { id: 'a3', state: 'resolved' });
    await until(({ waiting }) => waiting === 0);
    expect(types().at(-1)).toBe('alert.resolved');
    // Another test tells nothing again.
    await webhooks.test('pager', by);
    expect(view(webhooks)?.waiting).toBe(0);
  });

  it('keeps its newest thousand messages while it is away', async () => {
    const { webhooks, tell, queue } = await opened();
    webhooks.create({ name: 'away', url: receiver.url }, by);
    for (let i = 1; i <= 1003; i++) tell('opened', { id: `a${i}` });
    expect(view(webhooks)).toMatchObject({ waiting: 1000, lost: 3 });
    expect(JSON.parse(queue.due(1, Number.MAX_SAFE_INTEGER)?.body ?? '')).toMatchObject({ data: { id: 'a4' } });
  });

  it('is never sent into a private network that nobody named', async () => {
    const { webhooks, tell, until } = await opened([]);
    expect(() => webhooks.create({ name: 'inside', url: receiver.url }, by)).toThrow(
      expect.objectContaining({ code: 'webhook-impossible' }),
    );
    // A name that leads there, as it would after its owner has changed it.
    webhooks.create({ name: 'rebound', url: receiver.url.replace('127.0.0.1', 'localhost') }, by);
    tell('opened');
    expect((await until(({ triedAtMs }) => triedAtMs !== null)).problem).toContain('--webhook-networks');
    expect(receiver.received).toEqual([]);
  });

  it.each([
    ['ftp://hooks.example/x'],
    ['hooks.example'],
    ['https://user@hooks.example/'],
    ['https://:secret@hooks.example/'],
    ['https://hooks.example/#part'],
    ['file:///etc/passwd'],
  ])('cannot be sent to %s', async (url) => {
    const { webhooks } = await opened();
    const create = () => webhooks.create({ name: 'odd', url }, by);
    expect(create).toThrow(expect.objectContaining({ code: 'webhook-impossible' }));
  });

  it('has its secret told once, and two signatures for a day after a rotation', async () => {
    const { webhooks, clock } = await opened();
    const made: WebhookReply = webhooks.create({ name: 'pager', url: receiver.url }, by);
    expect(JSON.stringify(webhooks.views())).not.toContain(made.secret);
    const signatures = async () => {
      await webhooks.test('pager', by);
      return String(receiver.received.at(-1)?.headers['webhook-signature']).split(' ').length;
    };
    expect(await signatures()).toBe(1);
    expect(webhooks.rotate('pager', by).secret).not.toBe(made.secret);
    expect(await signatures()).toBe(2);
    await clock.advance(24 * hourMs);
    expect(await signatures()).toBe(1);
  });

  it('is removed with what waits for it', async () => {
    const { webhooks, tell, queue, audit } = await opened();
    webhooks.create({ name: 'pager', url: receiver.url }, by);
    tell('opened');
    webhooks.remove('pager', by);
    expect([webhooks.views(), queue.waiting(1)]).toEqual([[], 0]);
    expect(() => webhooks.remove('pager', by)).toThrow(expect.objectContaining({ code: 'webhook-unknown' }));
    expect(audit.entries.map(({ action }) => action)).toEqual(['webhook.create', 'webhook.remove']);
    expect(JSON.stringify(audit.entries)).not.toContain('/hook');
  });

  it('gets again what was on its way when the server stopped', async () => {
    const { webhooks, tell, clock, start, until } = await opened();
    webhooks.create({ name: 'pager', url: receiver.url }, by);
    receiver.answer('never');
    tell('opened');
    await clock.advance(0);
    await receiver.untilReceived(1);
    await deliveries?.stop();
    receiver.answer(204);
    start();
    await until(({ waiting }) => waiting === 0);
    expect(ids()[0]).toBe(ids()[1]);
    expect(view(webhooks)).toMatchObject({ waiting: 0, lost: 0 });
  });
});
