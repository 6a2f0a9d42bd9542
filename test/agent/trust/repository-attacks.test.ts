import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { refusalCode } from '../../support/refusal-code.js';
import { sampleRelease } from '../../support/sample-release.js';
import { newKeyPair, roleOf, type SignedRepository, targetOf, tufKeys } from '../../support/signed-repository.js';
import { TrustWorld } from '../../support/trust-world.js';

const first = sampleRelease('digits', '1.0.0');
let second = sampleRelease('digits', '1.1.0');
const path = (stage: string, { model, version } = second) => `${stage}/${model}/${version}/manifest.json`;

let base: TrustWorld;
let world: TrustWorld;
let repository: SignedRepository;
let trust: DeviceTrust;
beforeAll(async () => {
  base = await TrustWorld.start();
  await base.repository.addRelease(first);
  await base.openWith(first);
});
afterAll(async () => base.stop());
beforeEach(async () => {
  second = sampleRelease('digits', '1.1.0');
  world = await base.fork();
  ({ repository } = world);
  trust = await world.open();
});
afterEach(async () => world.stop());

/** What the device says to the second release after looking at the repository again. */
function deviceVerdict(): Promise<string> {
  return refusalCode(async () => {
    await trust.refresh(world.signal);
    trust.find(second.model, second.version);
  });
}

/** What the runner's verifier says to the same, from the same files. */
function runnerVerdict(): Promise<string> {
  return refusalCode(() => world.publishedVerdict(trust.runnerTrust(), second));
}

interface Attack {
  readonly by: () => Promise<void>;
  /** The code of the device's refusal, by tuf-js and the listing policy. */
  readonly device: string;
  /** The code of the runner's verifier. */
  readonly runner: string;
}

/** Attacks on what is signed: both verifiers must see each one. */
const attacks: Readonly<Record<string, Attack>> = {
  'nothing at all (control)': { by: () => repository.addRelease(second), device: 'passed', runner: 'passed' },
  'arbitrary software: a staging role signed by an unknown key': {
    by: async () => {
      repository.leaf('staging-digits').signers = [newKeyPair()];
      await repository.addRelease(second);
    },
    device: 'not-listed',
    runner: 'signature',
  },
  'two publishers without an approver: a production role signed by a publisher': {
    by: async () => {
      repository.leaf('production-digits').signers = [repository.keys.publisher];
      await repository.addRelease(second);
    },
    device: 'not-listed',
    runner: 'signature',
  },
  'a release that no approver listed': {
    by: () => repository.addRelease({ ...second, production: false }),
    device: 'not-listed',
    runner: 'not-listed',
  },
  'a release that no publisher listed': {
    by: () => repository.addRelease({ ...second, staging: false }),
    device: 'not-listed',
    runner: 'not-listed',
  },
  'an approver shown other bytes than those that are staged': {
    by: async () => {
      await repository.addRelease({ ...second, production: false });
      await repository.addRelease({ ...sampleRelease('digits', '1.1.0', 'sAmple'), staging: false });
    },
    device: 'not-listed',
    runner: 'not-listed',
  },
  'one key in both roles': {
    by: async () => {
      Object.assign(repository.delegation('production-digits'), roleOf([repository.keys.publisher]));
      repository.leaf('production-digits').signers = [repository.keys.publisher];
      await repository.publish('targets');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'one key in both roles, under another id': {
    by: async () => {
      const { publisher } = repository.keys;
      const alias = 'ab'.repeat(32);
      const { delegations } = repository.targets.signed;
      Object.assign(delegations?.keys ?? {}, { [alias]: Object.values(tufKeys([publisher]))[0] });
      repository.delegation('production-digits').keyids.push(alias);
      await repository.publish('targets');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a small-order key among the delegated ones': {
    by: async () => {
      const zero = { publicKey: `01${'00'.repeat(31)}`, seed: '' };
      Object.assign(repository.targets.signed.delegations?.keys ?? {}, tufKeys([zero]));
      await repository.publish('targets');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a leaf that delegates on': {
    by: async () => {
      repository.leaf('staging-digits').signed.delegations = { keys: {}, roles: [] };
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  "a role's file served under another role's name": {
    by: async () => {
      repository.leaf('staging-digits').signed['x-bw-role'] = 'staging-vad';
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a role that lists a path of the other stage': {
    by: async () => {
      repository.leaf('staging-digits').signed.targets[path('production')] = targetOf(second.manifest);
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a role that lists a path of another family': {
    by: async () => {
      const vad = sampleRelease('vad', '1.0.0');
      repository.leaf('staging-digits').signed.targets[path('staging', vad)] = targetOf(vad.manifest);
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'top-level targets that list a production path': {
    by: async () => {
      repository.targets.signed.targets[path('production')] = targetOf(second.manifest);
      await repository.publish('targets');
      await repository.addRelease({ ...second, production: false });
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'targets that do not name themselves': {
    by: async () => {
      delete repository.targets.signed['x-bw-role'];
      await repository.publish('targets');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a delegation that does not cover the release': {
    by: async () => {
      repository.delegation('staging-digits').paths = ['staging/digits/*/manifest.json'];
      await repository.publish('targets');
      second = sampleRelease('digits-wide', '1.1.0');
      await repository.addRelease(second);
    },
    device: 'not-listed',
    runner: 'not-listed',
  },
  'a release that its publisher withdrew': {
    by: async () => {
      await repository.addRelease(second);
      Object.assign(repository.leaf('staging-digits').signed.targets[path('staging')] ?? {}, {
        custom: { withdrawn: 'wrong labels' },
      });
      await repository.publish('staging-digits');
    },
    device: 'withdrawn',
    runner: 'withdrawn',
  },
  'a release that its approver withdrew': {
    by: async () => {
      await repository.addRelease(second);
      Object.assign(repository.leaf('production-digits').signed.targets[path('production')] ?? {}, {
        custom: { withdrawn: 'wrong labels' },
      });
      await repository.publish('production-digits');
    },
    device: 'withdrawn',
    runner: 'withdrawn',
  },
  'a tombstone in a form that no reader knows': {
    by: async () => {
      await repository.addRelease(second);
      Object.assign(repository.leaf('staging-digits').signed.targets[path('staging')] ?? {}, {
        custom: { withdrawn: true },
      });
      await repository.publish('staging-digits');
    },
    device: 'not-listed',
    runner: 'malformed',
  },
  'a role that expires on no day of any calendar, and so never': {
    by: async () => {
      repository.leaf('staging-digits').signed.expires = '2026-13-41T00:00:00Z';
      await repository.addRelease(second);
    },
    device: 'not-listed',
    runner: 'malformed',
  },
  'targets signed by one key of the two needed': {
    by: async () => {
      repository.targets.signers = repository.keys.targets.slice(0, 1);
      await repository.publish('targets');
      await repository.addRelease(second);
    },
    device: 'metadata-refused',
    runner: 'signature',
  },
  'a root that its predecessor did not sign': {
    by: async () => {
      const keys = [newKeyPair(), newKeyPair()];
      Object.assign(repository.root.signed.keys, tufKeys(keys));
      repository.root.signed.roles.root = roleOf(keys, 2);
      repository.root.signers = keys;
      await repository.publish('root');
      await repository.addRelease(second);
    },
    device: 'metadata-refused',
    runner: 'signature',
  },
  'a root that only its predecessor signed': {
    by: async () => {
      const keys = [newKeyPair(), newKeyPair()];
      Object.assign(repository.root.signed.keys, tufKeys(keys));
      repository.root.signed.roles.root = roleOf(keys, 2);
      await repository.publish('root');
      await repository.addRelease(second);
    },
    device: 'metadata-refused',
    runner: 'signature',
  },
  'a root whose targets threshold is 1': {
    by: async () => {
      repository.root.signed.roles.targets.threshold = 1;
      await repository.publish('root');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a threshold of 2 met by one key under two ids': {
    by: async () => {
      const [key = newKeyPair()] = repository.keys.targets;
      const alias = 'cd'.repeat(32);
      const { roles, keys } = repository.root.signed;
      Object.assign(keys, { [alias]: Object.values(tufKeys([key]))[0] });
      roles.targets.keyids = [...roleOf([key]).keyids, alias];
      repository.targets.signers = [key, { ...key, keyid: alias }];
      await repository.publish('root', 'targets');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a small-order key in root': {
    by: async () => {
      Object.assign(repository.root.signed.keys, tufKeys([{ publicKey: '00'.repeat(32), seed: '' }]));
      await repository.publish('root');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'a root that turns development': {
    by: async () => {
      repository.root.signed['x-bw-development'] = true;
      await repository.publish('root');
      await repository.addRelease(second);
    },
    device: 'listing-policy',
    runner: 'policy',
  },
  'more keys than anybody needs': {
    by: async () => {
      Object.assign(repository.root.signed.keys, tufKeys(Array.from({ length: 40 }, newKeyPair)));
      await repository.publish('root');
      await repository.addRelease(second);
    },
    device: 'metadata-refused',
    runner: 'malformed',
  },
};

describe('both verifiers, on', () => {
  it.each(Object.entries(attacks))('%s', async (_name, { by, device, runner }) => {
    await by();
    expect({ device: await deviceVerdict(), runner: await runnerVerdict() }).toEqual({ device, runner });
    // Whatever happened: what served before still stands, for both.
    expect(await refusalCode(() => trust.find(first.model, first.version))).toBe('passed');
    expect((await world.runnerVerdict(trust.runnerTrust(), first)).version).toBe('1.0.0');
  });
});
