import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReleaseView } from '@bellwether/control-plane/http/operator-api';
import { digitsFolder } from '../support/digits.js';
import { FleetProcesses, servedVersion } from '../support/fleet-process.js';

/** The main path on a production key set: real CLI, server and agent, no development anywhere. Chapters in order. */
let fleet: FleetProcesses;

beforeAll(async () => {
  fleet = await FleetProcesses.startProduction('--publishers', '2', '--approvers', '2');
}, 60_000);
afterAll(() => fleet.stop());

it('the keys of people are sealed by 2^17 rounds of scrypt', async () => {
  const file: unknown = JSON.parse(await readFile(join(fleet.keys, 'offline/root-3.key'), 'utf8'));
  expect(file).toMatchObject({ version: 2, use: 'root', sealed: { kdf: 'scrypt', costLog2: 17 } });
});

const key = (name: string) => ['--key', join(fleet.keys, `${name}.key`), ...fleet.passphrase];
const serving = (version: string) =>
  fleet.until(`the device serves ${version}`, ([device]) =>
    device === undefined ? false : servedVersion(device, 'digits') === version,
  );

it('a release that one publisher and one approver have signed serves on a production device', async () => {
  await fleet.cli('release', 'publish', fileURLToPath(new URL('1.0.0', digitsFolder)), ...key('publisher-2'));
  await fleet.startAgent('meadow', { allowDevelopment: false, startSpreadMs: 0 });
  await expect(fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all')).rejects.toThrow('release-not-approved');
  await expect(fleet.cli('release', 'approve', 'digits@1.0.0', ...key('publisher-1'))).rejects.toThrow('key-use');
  await fleet.cli('release', 'approve', 'digits@1.0.0', ...key('approver-1'));
  await fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all');
  const [device] = await serving('1.0.0');
  expect(device?.report).toMatchObject({ stage: 'production', development: false });
  expect(await fleet.api('/status')).toMatchObject({ development: false });
}, 90_000);

it('an approval is asked for, declined, asked for again, and given', async () => {
  await fleet.cli('release', 'publish', fileURLToPath(new URL('1.1.0', digitsFolder)), ...key('publisher-1'));
  await fleet.cli('release', 'promote', 'digits@1.1.0', '--note', 'better on sevens');
  const promotion = async () => (await fleet.api<ReleaseView>('/releases/digits/1.1.0')).promotion;
  expect(await promotion()).toMatchObject({ state: 'pending', note: 'better on sevens', requestedBy: 'admin' });
  expect(await fleet.cli('status')).toMatch(/to approve +bellwether release approve digits@1\.1\.0/);
  expect(await fleet.cli('release', 'list')).toMatch(/digits@1\.1\.0 +staging, approval pending/);
  await fleet.cli('release', 'reject', 'digits@1.1.0', '--reason', 'not on a Friday');
  expect(await promotion()).toMatchObject({ state: 'rejected', reason: 'not on a Friday' });
  await fleet.stopServer();
  await fleet.startServer();
  expect(await promotion()).toMatchObject({ state: 'rejected' });
  await fleet.cli('release', 'promote', 'digits@1.1.0');
  const approved = await fleet.cli('release', 'approve', 'digits@1.1.0', ...key('approver-2'));
  expect(approved).toMatch(/golden vectors agree, 9\d\.\d% of 1500 samples right/);
  expect(await promotion()).toBeNull();
  await expect(fleet.cli('release', 'promote', 'digits@1.1.0')).rejects.toThrow('release-approved');
}, 90_000);

it('a withdrawn release is left at once by the device that serves it, for the one that may', async () => {
  await fleet.cli('rollout', 'create', 'digits@1.1.0', '--to', 'all');
  await serving('1.1.0');
  await fleet.cli('release', 'withdraw', 'digits@1.1.0', '--reason', 'wrong data', ...key('approver-1'));
  await serving('1.0.0');
  const [device] = await fleet.until('the device says why', ([each]) => each?.report?.state === 'held');
  expect(device?.report).toMatchObject({ health: 'degraded', models: [{ refusal: { code: 'withdrawn' } }] });
  expect(await fleet.api('/releases/digits/1.1.0')).toMatchObject({ withdrawn: 'wrong data' });
  await expect(fleet.cli('release', 'approve', 'digits@1.1.0', ...key('approver-2'))).rejects.toThrow('withdrawn');
}, 90_000);
