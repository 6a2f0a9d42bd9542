import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyRequest } from '@bellwether/agent/cli/rotate-key';
import type { AgentStatus } from '@bellwether/agent/status';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { KeyListing } from '@bellwether/control-plane/publisher/key-list';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { readKeyPublic } from '../support/key-public.js';
import { runVersionsUp } from '../support/stolen-online-keys.js';

/** Who may sign changes, while a production device serves: real CLI, server and agent. Chapters in order. */
let fleet: FleetProcesses;
const file = (name: string) => join(fleet.keys, `${name}.key`);
const keys = (...names: readonly string[]) => ['--key', ...names.map(file), ...fleet.passphrase];
const publicKey = (name: string) => readKeyPublic(file(name));
const listing = async () =>
  JSON.parse(await fleet.cli('keys', 'list', '--root', join(fleet.keys, 'root.json'), '--json')) as KeyListing;
const reports = (what: string, metadata: Readonly<Record<string, number>>) =>
  fleet.until(what, ([device]) =>
    Object.entries(metadata).every(([role, version]) => device?.report?.metadata?.[role as 'root'] === version),
  );

let meadow: AgentProcess;

beforeAll(async () => {
  fleet = await FleetProcesses.startQuickProduction();
  await fleet.cli('release', 'publish', fileURLToPath(new URL('1.0.0', digitsFolder)), ...keys('publisher-1'));
  await fleet.cli('release', 'approve', 'digits@1.0.0', ...keys('approver-1'));
  meadow = await fleet.startAgent('meadow', { allowDevelopment: false, startSpreadMs: 0 });
  await fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all');
  await fleet.until(
    'the device serves',
    ([device]) => device !== undefined && servedVersion(device, 'digits') === '1.0.0',
  );
}, 90_000);
afterAll(() => fleet.stop());

it('the keys are listed with what they may sign and have signed', async () => {
  const { development, keys: listed } = await listing();
  expect(development).toBe(false);
  const publisher = listed.find((key) => key.signed.includes('staging-digits 2'));
  expect(publisher).toMatchObject({ publicKey: await publicKey('publisher-1'), roles: ['staging-digits'] });
  expect(listed.filter(({ roles }) => roles.includes('root'))).toHaveLength(3);
  expect(listed.filter(({ roles }) => roles.includes('director'))).toHaveLength(1);
});

it('a revoked publisher’s role is signed anew in the same snapshot, and the device goes on', async () => {
  const revoke = ['keys', 'revoke', 'publisher', await publicKey('publisher-1')];
  const quorum = ['offline/targets-1', 'offline/targets-3'];
  await expect(fleet.cli(...revoke, ...keys(...quorum))).rejects.toThrow('key-needed');
  await expect(fleet.cli(...revoke, ...keys('offline/targets-1', 'publisher-2'))).rejects.toThrow('role-signature');
  expect((await listing()).files).toMatchObject([
    { version: 1 },
    { version: 1 },
    { role: 'staging-digits', version: 2 },
    {},
  ]);
  await fleet.cli(...revoke, ...keys(...quorum, 'publisher-2'));
  const [device] = await reports('the device has the new targets', { targets: 2 });
  expect(device && servedVersion(device, 'digits')).toBe('1.0.0');
  expect((await listing()).keys.find((key) => key.signed.includes('staging-digits 3'))?.publicKey).toBe(
    await publicKey('publisher-2'),
  );
  const folder = fileURLToPath(new URL('1.1.0', digitsFolder));
  await expect(fleet.cli('release', 'publish', folder, ...keys('publisher-1'))).rejects.toThrow('key-not-delegated');
  await fleet.cli('release', 'publish', folder, ...keys('publisher-2'));
}, 60_000);

it('a new publisher comes by a key that he made himself', async () => {
  await fleet.cli('keys', 'make', 'publisher', '--out', file('publisher-3'), ...fleet.passphrase);
  const add = ['keys', 'add', 'publisher', '--public', await publicKey('publisher-3')];
  await fleet.cli(...add, ...keys('offline/targets-1', 'offline/targets-2'));
  await fleet.cli('keys', 'renew', 'staging-digits', ...keys('publisher-3'));
  await reports('the device has them', { targets: 3 });
}, 60_000);

it('the root changes hands twice while the server restarts, and the device follows', async () => {
  await fleet.cli('keys', 'make', 'root', '--out', file('offline/root-4'), ...fleet.passphrase);
  const rotate = async (use: string, old: string, next: string, by: readonly string[]) =>
    fleet.cli('keys', 'rotate', use, '--old', await publicKey(old), '--public', await publicKey(next), ...keys(...by));
  await rotate('root', 'offline/root-1', 'offline/root-4', ['offline/root-2', 'offline/root-3']);
  await fleet.stopServer();
  await fleet.startServer();
  await fleet.cli('keys', 'make', 'targets', '--out', file('offline/targets-4'), ...fleet.passphrase);
  await rotate('targets', 'offline/targets-1', 'offline/targets-4', [
    'offline/root-4',
    'offline/root-2',
    'offline/targets-4',
    'offline/targets-2',
  ]);
  await reports('the device has the third root', { root: 3, targets: 4 });
  await fleet.cli(
    'keys',
    'root',
    'export',
    '--root',
    join(fleet.keys, 'root.json'),
    '--out',
    join(fleet.folder, 'newest.json'),
  );
  const newest = JSON.parse(await readFile(join(fleet.folder, 'newest.json'), 'utf8')) as {
    signed: { version: number };
  };
  expect(newest.signed.version).toBe(3);
}, 60_000);

it('a new device begins at the first root and serves', async () => {
  await fleet.startAgent('hill', { allowDevelopment: false, startSpreadMs: 0 });
  await fleet.until(
    'both serve',
    (devices) => devices.length === 2 && devices.every((each) => servedVersion(each, 'digits') === '1.0.0'),
  );
}, 60_000);

it('the director’s key is replaced while both devices obey without a refusal', async () => {
  const held = join(fleet.data, 'keys');
  const director = async () => readKeyPublic(join(held, 'director.key'));
  const old = await director();
  await fleet.cli('keys', 'rotate', 'director', ...keys('offline/targets-2', 'offline/targets-4'));
  expect(await director()).not.toBe(old);
  await fleet.until('both have the new targets', (devices) =>
    devices.every(({ report }) => report?.metadata?.targets === 5 && report.orderRefusal === null),
  );
  await fleet.until('the former key is deleted', () => !existsSync(join(held, 'director.former.key')));
  await fleet.cli('release', 'approve', 'digits@1.1.0', ...keys('approver-2'));
  await fleet.cli('rollout', 'create', 'digits@1.1.0', '--to', 'all');
  const devices = await fleet.until('both serve 1.1.0 by the new key', (all) =>
    all.every((each) => servedVersion(each, 'digits') === '1.1.0'),
  );
  expect(devices.map(({ report }) => [report?.observed?.epoch, report?.orderRefusal])).toEqual([
    [1, null],
    [1, null],
  ]);
}, 90_000);

it('a device goes on with a key of its own making once an operator agrees, over a restart, and its receipts are one chain', async () => {
  const asked = JSON.parse(await fleet.agentCli('meadow', 'rotate-key', '--json')) as KeyRequest;
  expect(asked.standing).toBe('pending');
  expect(await fleet.agentCli('meadow', 'status')).toMatch(new RegExp(`next key +${asked.fingerprint}`));
  const before = await fleet.until('the server shows the key that waits', (all) =>
    all.some(({ nextFingerprint }) => nextFingerprint === asked.fingerprint),
  );
  const generation = (all: readonly DeviceView[]) =>
    all.find(({ id }) => id === asked.device)?.report?.observed?.generation ?? 0;
  const wrong = ['device', 'approve-key', asked.device, '--fingerprint', '0'.repeat(16)];
  await expect(fleet.cli(...wrong)).rejects.toThrow('fingerprint');
  await fleet.cli('device', 'approve-key', asked.device, '--fingerprint', asked.fingerprint);
  const isRenewed = (all: readonly DeviceView[]) =>
    generation(all) > generation(before) &&
    all.every(({ presence, report }) => presence === 'online' && report?.state === 'converged');
  const after = await fleet.until('it has its order for the new key', isRenewed);
  expect(after.find(({ id }) => id === asked.device)).toMatchObject({
    fingerprint: asked.fingerprint,
    nextFingerprint: null,
    report: { orderRefusal: null },
  });
  const { runId } = after.find(({ id }) => id === asked.device)?.report ?? {};
  meadow.child.kill();
  await once(meadow.child, 'exit');
  meadow = fleet.restartAgent('meadow', fleet.agentFile('meadow'), meadow);
  await fleet.until('it is there again', (all) =>
    all.some(({ id, presence, report }) => id === asked.device && presence === 'online' && report?.runId !== runId),
  );
  const { fingerprint, nextFingerprint } = JSON.parse(
    await fleet.agentCli('meadow', 'status', '--json'),
  ) as AgentStatus;
  expect([fingerprint, nextFingerprint]).toEqual([asked.fingerprint, null]);
  const { events } = await fleet.api<{ readonly events: readonly { readonly kind: string }[] }>('/events?limit=500');
  expect(events.filter(({ kind }) => kind === 'clone' || kind === 'receipt-refused')).toEqual([]);
  expect(events.length).toBeGreaterThan(0);
}, 60_000);

it('a log that is cut off, its signed heads with it, is sound to the server, and not to what its devices have seen', async () => {
  const [device] = await fleet.until('both have seen where the log ends', (all) =>
    all.every(({ report }) => (report?.auditHead?.sequence ?? 0) > 1),
  );
  expect(await fleet.cli('audit', 'verify', '--devices')).toContain(`device ${device?.id} vouches for`);
  await fleet.stopServer();
  const database = new Sqlite(join(fleet.data, 'bellwether.sqlite'));
  for (const table of ['audit_rows', 'audit_heads']) {
    database.prepare(`delete from ${table} where sequence >= ?`).run(device?.report?.auditHead?.sequence);
  }
  database.close();
  await fleet.startServer();
  await fleet.until('both are back', (all) => all.every(({ presence }) => presence === 'online'));
  expect(await fleet.cli('audit', 'verify')).toContain('rows are as they were written');
  await expect(fleet.cli('audit', 'verify', '--devices')).rejects.toThrow('audit-broken');
  const status = join(fleet.folder, 'status.json');
  await writeFile(status, await fleet.agentCli('meadow', 'status', '--json'));
  await expect(fleet.cli('audit', 'verify', '--status', status)).rejects.toThrow('audit-broken');
}, 60_000);

it('after the theft of all online keys, one change that holders sign apart ends what the thief has run up', async () => {
  const restore = await runVersionsUp(fleet.data, 1_000_000);
  await fleet.startAgent('brook', { allowDevelopment: false, startSpreadMs: 0 });
  const snapshots = (all: readonly DeviceView[]) => all.map(({ report }) => report?.metadata?.snapshot ?? 0);
  await fleet.until('a device believes the thief', (all) => snapshots(all).includes(1_000_000));
  await restore();
  const uses = ['snapshot', 'timestamp', 'director', 'time'];
  const held = () => Promise.all(uses.map((use) => readKeyPublic(join(fleet.data, 'keys', `${use}.key`))));
  const stolen = await held();
  const change = join(fleet.folder, 'change.json');
  const root = ['--root', join(fleet.keys, 'root.json')];
  await fleet.cli('keys', 'rotate', ...uses, '--stolen', '--prepare', change, ...root);
  await fleet.cli('keys', 'sign', change, ...keys('offline/root-2'));
  await fleet.cli('keys', 'sign', change, ...keys('offline/targets-2', 'offline/targets-4'));
  await expect(fleet.cli('keys', 'publish', change, ...root)).rejects.toThrow('role-signature');
  expect(await fleet.cli('keys', 'sign', change, ...keys('offline/root-4'))).toContain('root version 4');
  await fleet.cli('keys', 'publish', change, ...root);
  await fleet.until('every device is the owner’s again', (all) =>
    all.every(
      ({ presence, report }) =>
        presence === 'online' &&
        report?.state === 'converged' &&
        report.observed?.epoch === 2 &&
        report.metadata?.root === 4 &&
        report.metadata.snapshot < 1000,
    ),
  );
  const now = await held();
  expect(now.filter((key) => stolen.includes(key))).toEqual([]);
  expect(existsSync(join(fleet.data, 'keys', 'director.former.key'))).toBe(false);
  await fleet.stopServer();
  await fleet.startServer();
  const family = [
    'keys',
    'add-family',
    'vad',
    ...keys('offline/targets-2', 'offline/targets-4', 'publisher-2', 'approver-1'),
  ];
  await fleet.cli(...family, ...root);
  const { files, keys: listed } = await listing();
  expect(files.map(({ role }) => role)).toContain('production-vad');
  expect(listed.filter(({ publicKey: key }) => now.includes(key))).toHaveLength(4);
}, 90_000);
