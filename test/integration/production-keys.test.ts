import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

it('a release that one publisher and one approver have signed serves on a production device', async () => {
  const key = (name: string) => ['--key', join(fleet.keys, `${name}.key`), ...fleet.passphrase];
  await fleet.cli('release', 'publish', fileURLToPath(new URL('1.0.0', digitsFolder)), ...key('publisher-2'));
  await fleet.startAgent('meadow', { allowDevelopment: false, startSpreadMs: 0 });
  await expect(fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all')).rejects.toThrow('release-not-approved');
  await expect(fleet.cli('release', 'approve', 'digits@1.0.0', ...key('publisher-1'))).rejects.toThrow('key-use');
  await fleet.cli('release', 'approve', 'digits@1.0.0', ...key('approver-1'));
  await fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all');
  const [device] = await fleet.until('the device serves 1.0.0', ([each]) =>
    each === undefined ? false : servedVersion(each, 'digits') === '1.0.0',
  );
  expect(device?.report).toMatchObject({ stage: 'production', development: false });
  expect(await fleet.api('/status')).toMatchObject({ development: false });
}, 90_000);
