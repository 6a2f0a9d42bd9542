import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutRequest } from '@bellwether/control-plane/http/rollout-api';
import type { RolloutPolicy, RolloutStep } from '@bellwether/control-plane/rollouts/policy';
import { ConductorWorld } from '../../support/conductor-world.js';

/** What nobody can carry out is refused before anything of it is there: by a code, and a sentence that says what is wrong. */

const split: RolloutStep = { cohort: { percent: 50 }, mode: 'split', share: 50 };
const full: RolloutStep = { cohort: { percent: 100 }, mode: 'full', share: 100 };
const of = (steps: readonly RolloutStep[], changes: Partial<RolloutPolicy> = {}): RolloutPolicy => ({
  version: 1,
  steps: [...steps],
  ...changes,
});
const window = (cron: string, timeZone = 'UTC') =>
  of([split, full], { maintenanceWindow: { cron, timeZone, minutes: 60 } });

let world: ConductorWorld;
beforeAll(async () => {
  world = await ConductorWorld.start();
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0']) {
    const withdrawn = version === '1.3.0' ? 'it is wrong' : null;
    world.catalog.list('digits', version, { production: version !== '1.4.0', withdrawn });
  }
  world.catalog.list('vad', '1.0.0');
  world.callsPerSecond = 0.1;
  const ids = [await world.join('a', { site: 'a' }), await world.join('b', { site: 'a' })];
  await world.create('digits@1.0.0');
  for (const id of ids) await world.report(id);
  await world.create('digits@1.2.0', { to: { labels: { site: 'a' } }, policy: of([split, full]) });
});
afterAll(() => world.stop());

interface Asked extends Partial<RolloutRequest> {
  readonly release?: string;
}
const supersede = true;

const refused: readonly (readonly [string, Asked, string, RegExp])[] = [
  [
    'a share that shrinks',
    { policy: of([split, { ...split, share: 5 }, full]) },
    'policy-impossible',
    /step 2: the share shrinks from 50 % to 5 %/,
  ],
  [
    'a cohort that shrinks',
    { policy: of([split, { ...split, cohort: { percent: 5 } }, full]) },
    'policy-impossible',
    /step 2: the cohort shrinks from 50 % to 5 %/,
  ],
  [
    'a filter that matches nobody',
    { policy: of([{ ...split, filter: { site: 'b' } }, full]) },
    'policy-impossible',
    /no device matches site=b/,
  ],
  [
    'a target that matches nobody',
    { to: { labels: { site: 'z' } }, policy: of([split, full]) },
    'no-stable',
    /no device of the fleet is meant/,
  ],
  ['a maintenance window that never opens', { policy: window('0 0 30 2 *') }, 'policy-impossible', /never opens again/],
  [
    'a maintenance window in no time zone',
    { policy: window('0 0 * * *', 'Mars/Olympus') },
    'policy-impossible',
    /Mars.Olympus is none/,
  ],
  [
    'a start window that is over',
    { policy: of([split, full], { startWindow: { notAfter: '2020-01-01T00:00:00Z' } }) },
    'policy-impossible',
    /closed at 2020/,
  ],
  [
    'a start window that opens after it closes',
    {
      policy: of([split, full], {
        startWindow: { notBefore: '2101-01-01T00:00:00Z', notAfter: '2100-01-01T00:00:00Z' },
      }),
    },
    'policy-impossible',
    /after it closes/,
  ],
  [
    'a start window that is no time',
    { policy: of([split, full], { startWindow: { notBefore: 'tomorrow' } }) },
    'policy-impossible',
    /tomorrow is no time/,
  ],
  [
    'evidence that the traffic cannot bring',
    { policy: of([{ ...split, timeLimitSeconds: 60 }, full]) },
    'policy-impossible',
    /it needs 812 calls of the canary, \d+ count/,
  ],
  ['steps that do not come to the end', { policy: of([split]) }, 'policy-impossible', /the last step must be full/],
  ['no step that compares', { policy: of([full]) }, 'policy-impossible', /a split must come before it/],
  [
    'a policy of a newer version',
    { policy: { version: 2 } },
    'policy-newer',
    /of version 2; this server knows version 1/,
  ],
  ['a policy that nobody knows', { policy: 'brave' }, 'policy-unknown', /direct, careful, standard, fast, hotfix/],
  ['no release', { release: 'digits' }, 'release-malformed', /MODEL@VERSION/],
  ['a release that is not there', { release: 'digits@9.9.9' }, 'release-unknown', /publish it first/],
  [
    'a release that is not in the stage of the devices',
    { release: 'digits@1.4.0' },
    'release-not-approved',
    /2 of 2 devices run/,
  ],
  ['a release that was withdrawn', { release: 'digits@1.3.0' }, 'release-withdrawn', /it is wrong/],
  [
    'a model without anything to compare with',
    { release: 'vad@1.0.0', policy: of([split, full]) },
    'no-stable',
    /none of 2 devices can compare/,
  ],
  [
    'two rollouts for one model and device',
    { supersede: false, policy: of([split, full]) },
    'rollout-overlaps',
    /r2 brings digits@1\.2\.0/,
  ],
  ['a direct one over one that is on its way', { supersede: false }, 'rollout-overlaps', /r2 brings/],
];

describe('refused, and nothing of it is begun', () => {
  it.each(refused)('%s', async (_what, asked, code, sentence) => {
    const request = { release: 'digits@1.1.0', to: { all: true } as const, supersede, ...asked };
    const before = [world.conductor.views(), world.orders.of('a-0123456789abcdef')];
    const message: unknown = expect.stringMatching(sentence);
    await expect(world.conductor.create(request)).rejects.toMatchObject({ code, message });
    // A dry run says the same.
    expect(() => world.conductor.preview(request)).toThrow(expect.objectContaining({ code, message }));
    expect([world.conductor.views(), world.orders.of('a-0123456789abcdef')]).toEqual(before);
    expect(world.database.sqlite.prepare('select count(*) as n from rollouts').get()).toEqual({ n: 2 });
  });
});
