import type { Refusal } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { Runner } from '../inference/engine.js';
import { isSameRelease, type ReleaseRef } from '../installs/install-record.js';
import { restoreAnswer } from '../installs/restore-answer.js';
import { memoryBackoff, refusalBackoff } from './backoff.js';
import type { ExecutorParts, Executors } from './executor.js';

/** What executors of canaries share with the others. */
export interface CommonMoves {
  /** The runner takes stable's calls; on disk first. */
  readonly serve: (runner: Runner) => Promise<void>;
  /** The refusal in an error; undefined when the step was aborted. */
  readonly refusalIn: (error: unknown, release: ReleaseRef, signal: AbortSignal) => Refusal | undefined;
}

/** The executors that move canaries. */
export function canaryExecutors(
  { installer, ledger, live, serving, retries, announce, clock, log }: ExecutorParts,
  { serve, refusalIn }: CommonMoves,
): Pick<Executors, 'warm' | 'try' | 'steady' | 'drop' | 'promote'> {
  return {
    warm: async ({ release, order }, signal) => {
      try {
        const runner = await installer.restore(release, signal, true);
        if (signal.aborted) await runner.stop();
        else live.setStandby(runner);
      } catch (error) {
        const refusal = refusalIn(error, release, signal);
        if (refusal === undefined) return;
        if (refusal.code === 'probe-died') {
          // It came up here before: dying before it has calls is a death like any other.
          await ledger.record(release, { type: 'canary-died', why: refusal.message, order });
          return;
        }
        const answer = restoreAnswer(refusal);
        if (answer === 'wait') waitFor(retries, release, refusal);
        else await ledger.record(release, answer === 'refuse' ? { type: 'refused', refusal, order } : { type: answer });
      }
    },
    try: async ({ release, settings, order }, signal) => {
      const { model } = release;
      const { since = clock.now() } = live.trial(model) ?? {};
      const isNew = live.trial(model) === undefined;
      if (isNew && !servesAlone(live, release)) await ledger.record(release, { type: 'canary-begun', order });
      const runner = signal.aborted ? undefined : runnerFor(live, release);
      if (runner === undefined) return;
      serving.setCanary(runner, settings);
      live.tries(model, { release, runner, settings, since });
      retries.succeeded(release);
      if (isNew) {
        const message = `${settings.mode}, ${settings.share / 100} % of the calls`;
        announce({ kind: 'canary-ready', release: formatReleaseId(release), message });
      }
    },
    steady: ({ release }) => ledger.record(release, { type: 'canary-steady' }),
    drop: async ({ release, code, reason }) => {
      live.triedOut(release.model);
      // Not awaited: it gets no calls from now on, and what it executes is over soon.
      serving.dropCanary(release.model).catch((error: unknown) => {
        log.error({ release: formatReleaseId(release), err: messageOf(error) }, 'the canary did not drain');
      });
      const about = { release: formatReleaseId(release), message: reason, ...(code !== undefined && { code }) };
      announce({ kind: 'canary-dropped', ...about });
      // After the switch, which waits for no disk.
      if (ledger.find(release)?.canary?.isFresh) await ledger.record(release, { type: 'canary-steady' });
    },
    promote: async ({ release }) => {
      const runner = await serving.releaseCanary(release.model);
      live.triedOut(release.model);
      if (runner !== undefined) await serve(runner);
    },
  };
}

/** Where memory was too low for it once, there is no room yet: that passes, unlike a device that can never hold two. */
function waitFor(retries: ExecutorParts['retries'], release: ReleaseRef, { code, message }: Refusal): void {
  const isStillLow = code === 'memory' && retries.codeOf(release) === 'memory-low';
  if (isStillLow) retries.failed(release, 'memory-low', memoryBackoff, message);
  else retries.failed(release, code, refusalBackoff);
}

/** The runner that is its canary already, or waits to be, or serves alone. */
function runnerFor(live: ExecutorParts['live'], release: ReleaseRef): Runner | undefined {
  const { model } = release;
  const trial = live.trial(model);
  if (trial !== undefined && isSameRelease(trial.release, release)) return trial.runner;
  return servesAlone(live, release) ? live.serving(model)?.runner : live.takeStandby(model);
}

/** There is no room for two: it is what serves, with a probation of its own. */
function servesAlone(live: ExecutorParts['live'], release: ReleaseRef): boolean {
  const serving = live.serving(release.model);
  return serving !== undefined && isSameRelease(serving.release, release);
}
