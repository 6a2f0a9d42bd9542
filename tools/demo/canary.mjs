// A release on its way through the demo's fleet on evidence: a fifth of the calls, then four fifths, then all.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dim, tell } from './show.mjs';

/**
 * Made for three devices and half a minute, and still a policy as any other; a real fleet has the traffic to ask for a
 * limit ten times as strict. Of the limits only those for a release that is merely slower are wide: 1.1.0 is a larger
 * model than 1.0.0, on a machine that runs everything at once; and its shares are those at which times are not compared
 * closely (docs/decisions/0013), because such a machine is no judge of a twentieth of a millisecond.
 */
const policy = {
  version: 1,
  steps: [
    { cohort: { percent: 100 }, mode: 'split', share: 20, timeLimitSeconds: 180 },
    { cohort: { percent: 100 }, mode: 'split', share: 80, timeLimitSeconds: 180 },
    { cohort: { percent: 100 }, mode: 'full', share: 100, timeLimitSeconds: 60 },
  ],
  evidence: { maxBadPct: 3, toleratedRatio: 2, maxSlowRatio: 10 },
};
const over = new Set(['done', 'held', 'rolled-back', 'aborted', 'superseded']);

/**
 * Rolls a release out by that policy and says how it goes, until it is over one way or the other. Answers
 * `{ rollout, startMs, fullMs, failMs, endMs }`: its last view and, on performance.now()'s clock, when it was created, when
 * its last step began and when the verdict was harm (null when it never did, or was), and when it was over.
 */
export async function rollOutOnEvidence(fleet, release) {
  const file = join(fleet.folder, 'policy.json');
  await writeFile(file, JSON.stringify(policy));
  const startMs = performance.now();
  const { id } = await fleet.cli(['rollout', 'create', release, '--to', 'all', '--policy', file]);
  let fullMs = null;
  let failMs = null;
  let shown = '';
  for (const limitMs = startMs + 300_000; ; await delay(50)) {
    const rollout = await fleet.get(`/rollouts/${id}`);
    const nowMs = performance.now();
    if (rollout.phase === 'rolling' && rollout.step === policy.steps.length - 1) fullMs ??= nowMs;
    // The first one: evidence that comes in while it is taken back makes another look.
    if (rollout.verdict?.value === 'fail') failMs ??= rollout.verdict.atMs - performance.timeOrigin;
    if (over.has(rollout.phase)) {
      // That it is done is an order to serve it; the devices' own word is what counts.
      if (rollout.phase === 'done') await fleet.untilServing(release);
      return { rollout, startMs, fullMs, failMs, endMs: performance.now() };
    }
    if (nowMs > limitMs) throw new Error(`${release} is still ${rollout.phase}: ${rollout.waitsFor}`);
    const now = rollout.phase === 'rolling' ? stepText(rollout) : rollout.phase;
    if (now !== shown) tell(`   ${now}`);
    shown = now;
  }
}

/** How a rollout ended, with its reason. */
export function outcomeText({ phase, reason, steps }) {
  if (phase === 'done') return `all ${steps.length} steps passed on evidence`;
  return `${phase === 'rolled-back' ? 'taken back by itself' : phase}: ${reason?.text ?? 'nobody says why'}`;
}

/** When the last device first answered from a release, on performance.now()'s clock. */
export function firstAnswersMs(outcomes, release, sinceMs) {
  const first = new Map();
  for (const each of outcomes) {
    if (each.release !== release || each.dueMs < sinceMs || first.has(each.device)) continue;
    first.set(each.device, each.dueMs + each.latencyMs);
  }
  return Math.max(...first.values());
}

/** The stretches in which a rollout changed what runs: a second runner comes, and the first one goes. */
export function swapsOf({ startMs, fullMs, endMs }, servingMs) {
  return [
    { startMs, endMs: servingMs + 1000 },
    { startMs: fullMs ?? endMs, endMs: endMs + 1000 },
  ];
}

/** What a canary that was taken back cost: see the fields. `rollbackMs` is until the server has every device's word that it is gone. */
export async function canaryFigures({ rollout, startMs, failMs, endMs }, driver) {
  const during = driver.outcomes.filter(({ dueMs }) => dueMs >= startMs && dueMs < endMs);
  const calls = during.filter(({ arm, fallback }) => arm === 'canary' || fallback !== null);
  return {
    calls: calls.length,
    canaryCaughtAfterMs: failMs === null ? null : Math.round(failMs - Math.min(...calls.map(({ dueMs }) => dueMs))),
    canaryRequestsHarmed: await harmedBy(rollout.release, during, driver),
    rollbackMs: failMs === null ? null : Math.round(endMs - failMs),
  };
}

/**
 * Answers that apps would have had better without the canary, counted one by one: stable is asked again what the canary
 * read wrong. A failed call counts; one that stable answered in the canary's place harmed nobody.
 */
async function harmedBy(release, outcomes, driver) {
  const wrong = outcomes.filter((each) => each.release === release && each.correct === false);
  const again = await Promise.all(wrong.map((each) => driver.askAgain(each)));
  return outcomes.filter(({ error }) => error !== null).length + again.filter(({ correct }) => correct).length;
}

function stepText({ step, steps }) {
  const { mode, share, cohortSize } = steps[step];
  const calls = mode === 'full' ? 'all calls' : `${share} % of the calls`;
  const beside = mode === 'full' ? '' : dim(' · both releases side by side, judged at every window');
  return `step ${step + 1} of ${steps.length}: ${calls} on ${cohortSize} devices${beside}`;
}
