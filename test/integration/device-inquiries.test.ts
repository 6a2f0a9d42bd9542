import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InquiryList, InquiryView } from '@bellwether/control-plane/inquiries/inquiry-api';
import { answerPath } from '@bellwether/shared/contract/inquiry';
import { AgentWorld } from '../support/agent-world.js';

let world: AgentWorld;
let id = '';
/** What was answered before the device had an order. */
let early: Response;
beforeAll(async () => {
  world = await AgentWorld.start();
  await world.startAgent({ proxy: { http: 'http://joe:proxy-password@127.0.0.1:9' } });
  id = (await world.agent.untilStatus(({ connected }) => connected)).device;
  early = await world.server.api(`/devices/${id}/inquiries`, { kind: 'logs' });
  await world.publish('digits@1.0.0');
  await world.rollOut('digits@1.0.0');
  await world.agent.untilStatus(({ observed }) => observed !== null);
}, 60_000);
afterAll(() => world.stop());

const ask = (body: object) => world.server.read<InquiryView>(`/devices/${id}/inquiries`, body);
const list = async () => (await world.server.read<InquiryList>(`/devices/${id}/inquiries`)).inquiries;
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('a device that is asked', () => {
  it('sends its log through the CLI, in lines for people and as JSON', async () => {
    const text = await world.server.cli('device', 'logs', id, '--lines', '50');
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}order accepted \{"epoch":1,/m);
    expect(text).toContain('agent started');
    const json = JSON.parse(await world.server.cli('device', 'logs', id, '--lines', '3', '--json')) as InquiryView;
    expect(json).toMatchObject({ device: id, kind: 'logs', state: 'answered', answer: { kind: 'logs', device: id } });
    expect(json.answer?.kind === 'logs' && json.answer.lines).toHaveLength(3);
  });

  it('sends what it knows of itself, and no secret', async () => {
    const text = await world.server.cli('device', 'diagnostics', id);
    expect(text).toContain('"joinToken": "(hidden)"');
    expect(text).toContain('"http": "http://127.0.0.1:9"');
    expect(text).not.toContain('proxy-password');
    expect(JSON.parse(text)).toMatchObject({
      status: { device: id, connected: true, outbox: { lostWindows: 0 } },
      configuration: { windowSeconds: 60 },
    });
  });

  it('leaves a row in the audit log for the question and for the answer', async () => {
    const { id: inquiry } = await ask({ kind: 'diagnostics' });
    await world.server.cli('device', 'diagnostics', id, '--inquiry', inquiry);
    const { rows } = await world.server.read<{ rows: { action: string; subject: string; details: object }[] }>(
      '/audit/rows',
    );
    const about = rows.filter(({ details }) => 'inquiry' in details && details.inquiry === inquiry);
    expect(about.map(({ action, subject }) => [action, subject])).toEqual([
      ['device.diagnostics', id],
      ['device.answer', id],
    ]);
  });

  it('answers what was asked while it was away when it is back, and nothing twice', async () => {
    await world.agent.stop();
    const before = (await list()).length;
    const { id: inquiry, state } = await ask({ kind: 'logs', lines: 5 });
    expect(state).toBe('waiting');
    await expect(world.server.cli('device', 'logs', id, '--inquiry', inquiry, '--wait', '0')).rejects.toThrow(
      /has not answered within 0 s; it can answer until/,
    );
    await world.startAgent();
    const text = await world.server.cli('device', 'logs', id, '--inquiry', inquiry);
    expect(text).toContain('info ');
    const all = await list();
    expect(all).toHaveLength(before + 1);
    expect(all[0]).toMatchObject({ id: inquiry, state: 'answered' });
    expect(new Set(all.map((one) => one.state))).toEqual(new Set(['answered']));
  });

  it('is asked no more than four things at a time', async () => {
    await world.agent.stop();
    for (let i = 0; i < 4; i++) await ask({ kind: 'logs' });
    const fifth = await world.server.api(`/devices/${id}/inquiries`, { kind: 'logs' });
    expect([fifth.status, await codeOf(fifth)]).toEqual([409, 'inquiry-limit']);
  });
});

describe('an answer that nobody asked for', () => {
  const post = (inquiry: string, token: string | undefined, body: object) =>
    fetch(`${world.server.httpUrl}${answerPath(inquiry)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });

  it('is refused: without a session, with one for something else, of another device, and one that is too long', async () => {
    const [waiting] = await list();
    const inquiry = waiting?.id ?? '';
    const other = await world.server.enrolled('curious', {});
    const about = { version: 1, kind: 'logs', atMs: 1, lines: [], dropped: 0 };
    const { token } = await other.openSession('answers');
    const { token: forMqtt } = await other.openSession('mqtt');
    const answers = [
      await post(inquiry, undefined, { ...about, device: id }),
      await post(inquiry, forMqtt, { ...about, device: id }),
      await post(inquiry, token, { ...about, device: id }),
      await post(inquiry, token, { ...about, device: id, lines: Array.from({ length: 1000 }, () => 'x'.repeat(300)) }),
    ];
    expect(await Promise.all(answers.map(async (answer) => [answer.status, await codeOf(answer)]))).toEqual([
      [401, 'session-invalid'],
      [401, 'session-invalid'],
      [404, 'inquiry-unknown'],
      [413, 'body-too-large'],
    ]);
    expect((await list())[0]).toMatchObject({ id: inquiry, state: 'waiting' });
  });

  it('cannot be asked of a device that nobody knows, or that has no order to carry it', async () => {
    const none = await world.server.api(`/devices/nobody-0123456789abcdef/inquiries`, { kind: 'logs' });
    expect([none.status, await codeOf(none)]).toEqual([404, 'device-unknown']);
    expect([early.status, await codeOf(early)]).toEqual([409, 'inquiry-unordered']);
  });
});
