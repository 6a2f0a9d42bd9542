import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIdentity } from '@bellwether/agent/identity/identity-disk';
import { deviceIdOf, fingerprintOf } from '@bellwether/shared/ids';
import { openEnvelope } from '@bellwether/shared/signing/envelope';

describe('the identity on disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'bellwether-identity-')), 'identity');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  it('makes a key on the first start, for this user only, and keeps it', async () => {
    const first = await openIdentity(folder, 'pi-7');
    const second = await openIdentity(folder, 'pi-7');
    expect(second.publicKey).toBe(first.publicKey);
    expect(first.device).toBe(deviceIdOf('pi-7', first.publicKey));
    expect(first.fingerprint).toBe(fingerprintOf(first.publicKey));
    expect((await stat(join(folder, 'device.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).toEqual(['device.key']);
  });

  it('seals with its key, and shows the secret nowhere', async () => {
    const identity = await openIdentity(folder, 'pi-7');
    const opened = openEnvelope('report', identity.seal('report', { a: 1 }), [identity.publicKey], 1000);
    expect(Buffer.from(opened.payload).toString()).toBe('{"a":1}');
    const { seed } = JSON.parse(await readFile(join(folder, 'device.key'), 'utf8')) as { seed: string };
    expect(JSON.stringify(identity)).not.toContain(seed);
  });

  it('remembers its enrolment, and its id with it, whatever the configuration calls it later', async () => {
    const before = await openIdentity(folder, 'pi-7');
    expect(before.enrolled).toBe(false);
    expect((await openIdentity(folder, 'pi-8')).device).toBe(deviceIdOf('pi-8', before.publicKey));
    await before.markEnrolled(1_790_000_000_000);
    await before.markEnrolled(1_790_000_000_001);
    expect(before.enrolled).toBe(true);
    const after = await openIdentity(folder, 'renamed');
    expect([after.enrolled, after.device]).toEqual([true, before.device]);
  });

  it.each([
    ['not JSON', '{'],
    ['empty, as after a power cut', ''],
    ['with another seed', undefined],
  ])('refuses a key file that is %s, and leaves it as it is', async (_name, text) => {
    const path = join(folder, 'device.key');
    await openIdentity(folder, 'pi-7');
    const key = JSON.parse(await readFile(path, 'utf8')) as object;
    const corrupt = text ?? JSON.stringify({ ...key, seed: '11'.repeat(32) });
    await writeFile(path, corrupt);
    await expect(openIdentity(folder, 'pi-7')).rejects.toMatchObject({ name: 'IdentityError', code: 'state-corrupt' });
    expect(await readFile(path, 'utf8')).toBe(corrupt);
  });

  it('refuses an enrolment that is corrupt, or of another device', async () => {
    const identity = await openIdentity(folder, 'pi-7');
    const path = join(folder, 'enrolment.json');
    await writeFile(path, 'nonsense');
    await expect(openIdentity(folder, 'pi-7')).rejects.toMatchObject({ code: 'state-corrupt' });
    await writeFile(path, JSON.stringify({ version: 1, device: 'pi-7-0123456789abcdef', enrolledAtMs: 1 }));
    await expect(openIdentity(folder, 'pi-7')).rejects.toThrow(/whose key is another one/);
    await writeFile(path, JSON.stringify({ version: 1, device: identity.device, enrolledAtMs: 1 }));
    expect((await openIdentity(folder, 'pi-7')).enrolled).toBe(true);
  });

  it('throws away a key that was never put in its place', async () => {
    const first = await openIdentity(folder, 'pi-7');
    await writeFile(join(folder, 'enrolment.json.new'), '{"version":1');
    await rm(join(folder, 'device.key'));
    await writeFile(join(folder, 'device.key.new'), '{"version":1');
    const second = await openIdentity(folder, 'pi-7');
    expect(second.publicKey).not.toBe(first.publicKey);
    await second.markEnrolled(1);
    expect((await readdir(folder)).sort()).toEqual(['device.key', 'enrolment.json']);
  });

  it('passes on what the file system says', async () => {
    await writeFile(join(folder, '..', 'file'), '');
    await expect(openIdentity(join(folder, '..', 'file', 'identity'), 'pi-7')).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
    await chmod(join(folder, '..'), 0o755);
  });
});
