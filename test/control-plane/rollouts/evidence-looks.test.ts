import { expect, it } from 'vitest';
import type { CourseDevice } from '@bellwether/control-plane/rollouts/course-device';
import { EvidenceLooks } from '@bellwether/control-plane/rollouts/evidence-looks';
import { rolloutId, type StagedRollout } from '@bellwether/control-plane/rollouts/rollout';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { segmentMs } from '@bellwether/shared/evidence/counters';
import { arms } from '../../support/fleet-evidence.js';
import { quietCells } from '../../support/quiet-cells.js';
import { memberOf, stagedRollout } from '../../support/rollouts.js';
import { reportOf } from '../../support/telemetry-messages.js';

const names = ['a', 'b', 'c', 'd'];
const [stable, canary] = ['a'.repeat(64), 'b'.repeat(64)];

/** All four devices are ready in a split of half of the calls that began with the rollout. */
function rollout(): StagedRollout {
  const steps = [{ cohort: { percent: 100 }, mode: 'split' as const, share: 50 }];
  const members = new Map(names.map((name) => [name, memberOf(name)]));
  return { ...stagedRollout({ version: 1, steps }, { stepStartedAtMs: 0 }), members };
}

function readyDevice(device: string): CourseDevice {
  const own = { version: '1.2.0', manifest: canary, rollout: rolloutId(rollout()), step: 0, segment: 0 };
  const model = { model: 'digits', serving: null, install: null, refusal: null };
  const observed = { epoch: 1, generation: 1, digest: 'c'.repeat(64) };
  const report = reportOf({ device, observed, models: [{ ...model, canary: { ...own, state: 'ready' } }] });
  const order = { epoch: 1, generation: 1 };
  const about = { labels: {}, isOnline: true, silentMs: 0, enrolledAtMs: 0, base: stable, apart: null };
  return { ...about, device, report, order };
}

/** A thousand calls of each arm, none of them bad. */
function calls(startedAtMs: number): EvidenceWindow {
  const head = {
    rollout: 'r2',
    step: 0,
    model: 'digits',
    segment: 1,
    startedAtMs,
    mode: 'split' as const,
    share: 5000,
  };
  const counts = { calls: arms(1000, 1000), runnerMs: arms(1, 1), labelled: arms(0, 0) };
  const cells = { error: arms(0, 0), ...quietCells('split', 5000) };
  return { ...head, ...counts, cells, stable, canary, both: {}, slowMicros: {} };
}

const looksOf = () =>
  new EvidenceLooks({
    store: { of: () => [] },
    history: { of: () => [], note: () => {} },
    neighbours: { windows: () => [][Symbol.iterator]() },
    isQuarantined: () => false,
    manifestOf: () => undefined,
  });

it('a device that is ready and has no calls is waited for five to ten minutes, and not for ever', () => {
  const looks = looksOf();
  const look = (nowMs: number) => looks.look(rollout(), names.map(readyDevice), nowMs);
  for (const name of ['a', 'b']) {
    looks.take(rollout(), name, { counted: { window: calls(1000), arms: [] }, arrivedAtMs: 2000 });
  }
  expect(new Set(look(2000)?.reasons.map(({ code }) => code))).toEqual(new Set(['gathering']));
  expect(look(2 * segmentMs - 1)?.value).toBe('inconclusive');
  // No window has come since: time alone says it.
  expect(look(2 * segmentMs + 60_000)?.reasons.map(({ code }) => code)).toEqual(['enough', 'idle']);
});

it('a device that has calls now and then is no idle one', () => {
  const looks = looksOf();
  const counted = { window: calls(1.5 * segmentMs), arms: [] };
  for (const name of ['a', 'b']) looks.take(rollout(), name, { counted, arrivedAtMs: 2 * segmentMs });
  looks.look(rollout(), names.map(readyDevice), 2 * segmentMs);
  const idle = looks.of(rollout())?.paired.step.flatMap(({ device, isIdle }) => (isIdle === true ? [device] : []));
  expect(idle).toEqual(['c', 'd']);
});

it('one that is still on its way is never idle: it will have a say', () => {
  const looks = looksOf();
  const onItsWay = names.map((name) => ({ ...readyDevice(name), report: null }));
  expect(looks.look(rollout(), onItsWay, 20 * segmentMs)?.reasons.map(({ code }) => code)).toEqual(['no-evidence']);
});
