import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceView, ReleaseView, TokenList, TokenReply } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { blobPath } from '@bellwether/shared/contract/http-api';
import { fingerprintOf } from '@bellwether/shared/ids';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { connectOnce, FleetDevice, openOrder, subscribeAndWait, untilClosed } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.publishDigits('1.0.0');
});
afterAll(() => server.stop());

const view = (id: string) => server.read<DeviceView>(`/devices/${id}`);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const newDevice = (name: string) => new FleetDevice(() => server.httpUrl, name);

describe('a device that needs approval', () => {
  it('is shown with its fingerprint, gets nothing before, and its order after', async () => {
    const labels = { test: 'approval' };
    const { token } = await server.read<TokenReply>('/tokens', { kind: 'approve', labels });
    const device = newDevice('waiting');
    expect(await device.enrol(token)).toMatchObject({ standing: 'pending', labels });
    expect(await view(device.id)).toMatchObject({
      standing: 'pending',
      fingerprint: fingerprintOf(device.key.publicKey),
      ordered: null,
    });
    const rollout = await server.read<RolloutView>('/rollouts', { release: 'digits@1.0.0', to: { labels } });
    expect(rollout.devices).toEqual([]);
    const login = async () => device.post('/sessions', device.sessionBody(await device.nonce()));
    expect(await codeOf(await login())).toBe('approval-pending');

    await server.cli('device', 'approve', 'waiting', '--fingerprint', fingerprintOf(device.key.publicKey).slice(0, 20));
    const client = await device.connect();
    const { order } = await openOrder(server.keys, await subscribeAndWait(client, device.topic('order')));
    expect(order.models).toMatchObject({ digits: { stable: { version: '1.0.0' } } });
    await client.endAsync();
    const rejection = await server.api(`/devices/${device.id}/reject`, {});
    expect([rejection.status, await codeOf(rejection)]).toEqual([409, 'standing-conflict']);
  });

  it('stays out when it is rejected', async () => {
    const { token } = await server.read<TokenReply>('/tokens', { kind: 'approve' });
    const device = newDevice('unwanted');
    await device.enrol(token);
    await server.cli('device', 'reject', 'unwanted');
    const login = await device.post('/sessions', device.sessionBody(await device.nonce()));
    expect(await codeOf(login)).toBe('device-rejected');
  });
});

describe('decommissioning', () => {
  it('ends the live session and its token, clears the order, and refuses the key, over a restart too', async () => {
    const labels = { test: 'decommission' };
    const device = await server.enrolled('leaving', labels);
    await server.read<RolloutView>('/rollouts', { release: 'digits@1.0.0', to: { labels } });
    const { token: password } = await device.openSession();
    const client = await device.connect();
    await subscribeAndWait(client, device.topic('order'));
    const closed = untilClosed(client);
    expect(await server.read(`/devices/${device.id}/decommission`, {})).toMatchObject({
      standing: 'decommissioned',
      ordered: null,
    });
    await closed;

    const refused = async () => {
      const again = { clientId: device.id, username: device.id, password };
      await expect(connectOnce(server.mqttUrl, again)).rejects.toThrow(/./);
      expect(await codeOf(await device.post('/sessions', device.sessionBody(await device.nonce())))).toBe(
        'device-decommissioned',
      );
      const { token } = await server.read<TokenReply>('/tokens', {});
      const renamed = new FleetDevice(() => server.httpUrl, 'renamed', device.key);
      expect(await codeOf(await device.post('/enrolments', renamed.enrolmentBody(token)))).toBe(
        'device-decommissioned',
      );
    };
    await refused();
    await server.restart();
    await refused();
    expect(await view(device.id)).toMatchObject({ standing: 'decommissioned', ordered: null });
  });
});

describe('a device that asks for another key', () => {
  it('goes on with it after an operator agreed, with a new order for it; the old key opens nothing', async () => {
    const labels = { test: 'rotation' };
    const device = await server.enrolled('turning', labels);
    await server.read<RolloutView>('/rollouts', { release: 'digits@1.0.0', to: { labels } });
    const next = device.withKey(generateKeyPair());
    const ask = async (signers?: Parameters<FleetDevice['keyRotationBody']>[2]) =>
      device.post('/key-rotations', device.keyRotationBody(await device.nonce(), next.key, signers));
    for (const signers of [[device.key], [next.key], [next.key, generateKeyPair()]]) {
      expect(await codeOf(await ask(signers))).toBe('proof-invalid');
    }
    expect((await view(device.id)).nextFingerprint).toBe(null);
    expect(await (await ask()).json()).toEqual({ standing: 'pending' });
    const login = async (as: FleetDevice) => as.post('/sessions', as.sessionBody(await as.nonce()));
    expect([(await login(device)).status, await codeOf(await login(next))]).toEqual([200, 'proof-invalid']);
    const taken = await server.enrolled('other-key');
    expect(await codeOf(await taken.post('/key-rotations', taken.keyRotationBody(await taken.nonce(), next.key)))).toBe(
      'key-taken',
    );

    const client = await device.connect();
    const closed = untilClosed(client);
    const { token: kept } = await device.openSession('artefacts');
    const download = async () =>
      fetch(`${server.httpUrl}${blobPath}${'0'.repeat(64)}`, { headers: { authorization: `Bearer ${kept}` } });
    expect((await download()).status).toBe(404);
    const fingerprint = fingerprintOf(next.key.publicKey);
    const wrong = await server.api(`/devices/${device.id}/approve-key`, { fingerprint: '0'.repeat(64) });
    expect([wrong.status, await codeOf(wrong)]).toEqual([409, 'rotation-unknown']);
    await server.cli('device', 'approve-key', 'turning', '--fingerprint', fingerprint);
    await closed;
    expect(await view(device.id)).toMatchObject({ fingerprint, nextFingerprint: null });
    expect(await codeOf(await login(device))).toBe('proof-invalid');
    expect(await codeOf(await download())).toBe('session-invalid');
    // As it was asked before: the answer may have been lost.
    const again = next.keyRotationBody(await next.nonce(), next.key, [device.key, next.key]);
    expect(await (await next.post('/key-rotations', again)).json()).toEqual({ standing: 'current' });
    const renewed = await next.connect();
    const { order } = await openOrder(server.keys, await subscribeAndWait(renewed, next.topic('order')));
    expect(order).toMatchObject({ generation: 2, device: { id: device.id, fingerprint } });
    await renewed.endAsync();

    const { token } = await server.read<TokenReply>('/tokens', {});
    const thief = new FleetDevice(() => server.httpUrl, 'thief', device.key);
    expect(await codeOf(await thief.post('/enrolments', thief.enrolmentBody(token)))).toBe('key-taken');
  });

  it('cannot use a nonce twice, and waits with its session until it is in', async () => {
    const device = await server.enrolled('hasty');
    const [next, other] = [generateKeyPair(), generateKeyPair()];
    const nonce = await device.nonce();
    expect((await device.post('/key-rotations', device.keyRotationBody(nonce, next))).status).toBe(200);
    expect(await codeOf(await device.post('/key-rotations', device.keyRotationBody(nonce, other)))).toBe(
      'nonce-invalid',
    );
    const { token } = await server.read<TokenReply>('/tokens', { kind: 'approve' });
    const waiting = newDevice('waiting-too');
    await waiting.enrol(token);
    const asked = await waiting.post('/key-rotations', waiting.keyRotationBody(await waiting.nonce(), other));
    expect(await codeOf(asked)).toBe('approval-pending');
  });
});

describe('a download', () => {
  it('needs a session for artefacts, of a device that is in', async () => {
    const device = await server.enrolled('loader');
    const { manifest } = await server.read<ReleaseView>('/releases/digits/1.0.0');
    const get = (token: string) =>
      fetch(`${server.httpUrl}${blobPath}${manifest}`, { headers: { authorization: `Bearer ${token}` } });
    const [artefacts, mqtt] = [await device.openSession('artefacts'), await device.openSession('mqtt')];
    expect((await get(artefacts.token)).status).toBe(200);
    expect(await codeOf(await get(mqtt.token))).toBe('session-invalid');
    await server.cli('device', 'decommission', 'loader');
    expect(await codeOf(await get(artefacts.token))).toBe('device-decommissioned');
    expect((await get(server.operatorToken)).status).toBe(200);
    expect(await codeOf(await fetch(`${server.httpUrl}${blobPath}${manifest}`))).toBe('download-token-missing');
  });
});

describe('a join token', () => {
  it('keeps to its bounds', async () => {
    for (const body of [{ uses: 0 }, { uses: 101 }, { hours: 0 }, { hours: 25 }, { kind: 'open' }]) {
      const response = await server.api('/tokens', body);
      expect([response.status, await codeOf(response)]).toEqual([400, 'body-invalid']);
    }
  });

  it('names the devices that came by it, and takes them with it when it is revoked so', async () => {
    const { id, token } = await server.read<TokenReply>('/tokens', { uses: 3, labels: { site: 'b' } });
    const devices = [newDevice('b1'), newDevice('b2')];
    for (const device of devices) await device.enrol(token);
    const [client] = await Promise.all(devices.map((device) => device.connect()));
    const closed = client === undefined ? undefined : untilClosed(client);
    const tokenOf = async () => (await server.read<TokenList>('/tokens')).tokens.find((each) => each.id === id);
    expect(await tokenOf()).toMatchObject({ usesLeft: 1, revokedAtMs: null, devices: devices.map((each) => each.id) });
    expect(JSON.stringify(await tokenOf())).not.toContain(token);

    await server.cli('token', 'revoke', id);
    expect((await tokenOf())?.revokedAtMs).toBeGreaterThan(0);
    const late = newDevice('b3');
    expect(await codeOf(await late.post('/enrolments', late.enrolmentBody(token)))).toBe('token-revoked');
    expect((await view(devices[0]?.id ?? '')).standing).toBe('approved');

    await server.cli('token', 'revoke', id, '--decommission');
    await closed;
    for (const device of devices) expect((await view(device.id)).standing).toBe('decommissioned');
    const unknown = await server.api('/tokens/000000000000/revoke', {});
    expect([unknown.status, await codeOf(unknown)]).toEqual([404, 'token-unknown']);
  });
});
