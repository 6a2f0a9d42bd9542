import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnrolmentError, type EnrolmentServer, type Session } from '@bellwether/agent/identity/enrolment';
import type { Identity } from '@bellwether/agent/identity/identity';
import { openIdentity } from '@bellwether/agent/identity/identity-disk';
import { Membership } from '@bellwether/agent/identity/membership';
import { deviceIdOf } from '@bellwether/shared/ids';
import { silentLog } from '@bellwether/shared/log';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import { seededDice } from '../../support/dice.js';
import { ManualClock } from '../../support/manual-clock.js';
import { cutKinds, type DiskEvent } from '../../support/power-cut-disk.js';
import { laySurvivors, PowerCutFiles } from '../../support/power-cut-files.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-succession-'));
});
afterEach(() => rm(folder, { recursive: true }));

const never = new AbortController().signal;
const identityFolder = () => join(folder, 'identity');

async function enrolled(files?: PowerCutFiles) {
  const identity = await openIdentity(identityFolder(), 'pi-7', files);
  await identity.markEnrolled(1);
  return identity;
}

/** A server that lets one key in, as the control plane does of a device. */
class OneKeyServer implements EnrolmentServer {
  publicKey: string;
  readonly tried: string[] = [];

  constructor(publicKey: string) {
    this.publicKey = publicKey;
  }

  async enrol(): Promise<void> {}

  async requestKey(): Promise<'pending'> {
    return 'pending';
  }

  async openSession({ publicKey }: Identity): Promise<Session> {
    this.tried.push(publicKey);
    if (publicKey !== this.publicKey) throw new EnrolmentError('session-refused', `${publicKey} is no key of mine`);
    return { token: 't', expiresInSeconds: 600, mqttUrl: 'mqtt://x', time: new Uint8Array(), deviceNonce: '' };
  }
}

function membershipOf(identity: Awaited<ReturnType<typeof enrolled>>, server: EnrolmentServer): Membership {
  const clock = new ManualClock();
  return new Membership({ identity, server, joinToken: undefined, offerTime: () => {}, clock, log: silentLog });
}

describe('the key that is to follow', () => {
  it('is made once, lies beside the old one, and both vouch for it', async () => {
    const identity = await enrolled();
    expect(await identity.successor()).toBeUndefined();
    const successor = await identity.prepareSuccessor();
    const { publicKey } = successor.identity;
    expect((await identity.prepareSuccessor()).identity.publicKey).toBe(publicKey);
    expect((await identity.successor())?.identity.publicKey).toBe(publicKey);
    const envelope = successor.sealByBoth('keyRotation', { a: 1 });
    const { keyIds } = openEnvelope('keyRotation', envelope, [identity.publicKey, publicKey], 2000);
    expect(keyIds).toHaveLength(2);
  });

  it('takes its place under the same id, over restarts, again and again', async () => {
    const identity = await enrolled();
    const { device, publicKey: first } = identity;
    for (let i = 0; i < 3; i++) {
      const successor = await identity.prepareSuccessor();
      await successor.take();
      await successor.take();
      expect(identity.publicKey).toBe(successor.identity.publicKey);
      const again = await openIdentity(identityFolder(), 'renamed');
      expect([again.device, again.publicKey, again.enrolled]).toEqual([device, identity.publicKey, true]);
      expect(await again.successor()).toBeUndefined();
    }
    expect(device).toBe(deviceIdOf('pi-7', first));
    expect((await readdir(identityFolder())).sort()).toEqual(['device.key', 'enrolment.json']);
  });

  it('is tried when the server does not take the old one, and only then', async () => {
    const identity = await enrolled();
    const server = new OneKeyServer(identity.publicKey);
    const membership = membershipOf(identity, server);
    const { publicKey: old } = identity;
    const { publicKey: next } = (await identity.prepareSuccessor()).identity;
    await membership.openSession('mqtt', never);
    expect(server.tried).toEqual([old]);
    server.publicKey = next;
    await Promise.all([membership.openSession('mqtt', never), membership.openSession('artefacts', never)]);
    expect(identity.publicKey).toBe(next);
    await membership.openSession('mqtt', never);
    expect(server.tried.at(-1)).toBe(next);
  });

  it('stays beside the old one when the server takes neither, and the refusal is that of the old one', async () => {
    const identity = await enrolled();
    const server = new OneKeyServer('nobody');
    const { publicKey } = identity;
    await identity.prepareSuccessor();
    await expect(membershipOf(identity, server).openSession('mqtt', never)).rejects.toThrow(publicKey);
    expect(identity.publicKey).toBe(publicKey);
    expect(await identity.successor()).toBeDefined();
  });
});

describe('a power cut while the key is replaced', () => {
  /** A life in which the key is replaced, then every cut in it; answers with the cuts after which the device cannot sign in. */
  async function deadlocks(lost?: DiskEvent['type']): Promise<string[]> {
    const files = new PowerCutFiles(folder, lost);
    const identity = await enrolled(files);
    const before = files.length;
    const { device, publicKey: old } = identity;
    const successor = await identity.prepareSuccessor();
    const agreed = files.length;
    await successor.take();
    const random = seededDice(7);
    const broken: string[] = [];
    for (let cut = before; cut <= files.length; cut++) {
      // The server knows of the new key once it is prepared, and an operator may have agreed in the same moment.
      const serverKey = cut < agreed ? old : identity.publicKey;
      for (const kind of cutKinds) {
        const left = await mkdtemp(join(tmpdir(), 'bellwether-cut-'));
        await laySurvivors(files.survivors(cut, kind, random), left);
        if (!(await signsIn(join(left, 'identity'), device, serverKey)))
          broken.push(`${kind} after ${files.describe(cut)}`);
        await rm(left, { recursive: true });
      }
    }
    return broken;
  }

  async function signsIn(left: string, device: string, serverKey: string): Promise<boolean> {
    try {
      const identity = await openIdentity(left, 'pi-7');
      await membershipOf(identity, new OneKeyServer(serverKey)).openSession('mqtt', never);
      return identity.device === device;
    } catch {
      return false;
    }
  }

  it('leaves a device that can sign in, whatever is left of the last writes', async () => {
    expect(await deadlocks()).toEqual([]);
  });

  it.each(['sync', 'sync-folder'] as const)('does not without %s: the control', async (lost) => {
    expect(await deadlocks(lost)).not.toEqual([]);
  });
});
