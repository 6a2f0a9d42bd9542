import type { Refusal } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { Runner } from '../inference/engine.js';
import type { ReleaseRef } from '../installs/install-record.js';
import { restoreAnswer } from '../installs/restore-answer.js';
import { AdmissionRefusal, refusalOf } from '../trust/refusal.js';
import { refusalBackoff } from './backoff.js';
import { canaryExecutors } from './execute-canary.js';
import type { ExecutorParts, Executors } from './executor.js';
import { runnerRelease } from './live-models.js';
import type { StepOf, StepType } from './step.js';

/** Runs the executor of a step. */
export function executeStep<T extends StepType>(
  executors: Executors,
  step: StepOf<T>,
  signal: AbortSignal,
): Promise<void> {
  return executors[step.type](step, signal);
}

/** The executors over the agent's real parts. */
export function makeExecutors(parts: ExecutorParts): Executors {
  const { installer, ledger, live, serving, retries, announce, clock, log } = parts;

  /** Persist, then act: after a crash in between, the release that is on record is restored. */
  const serve = async (runner: Runner): Promise<void> => {
    const release = runnerRelease(runner);
    try {
      await ledger.recordSwap(release);
    } catch (error) {
      // A disk that is full must not fill the memory too: the next plan starts another one.
      await runner.stop();
      throw error;
    }
    serving.swap(runner).drained.catch((error: unknown) => {
      log.error({ release: formatReleaseId(release), err: messageOf(error) }, 'the old runner did not drain');
    });
    live.serves(runner, clock.now(), ledger.find(release)?.probation);
    retries.clear(release);
  };

  /** A refusal is an outcome; an aborted step has none: a newer plan did not hold it any more. */
  const refusalIn = (error: unknown, release: ReleaseRef, signal: AbortSignal): Refusal | undefined => {
    if (signal.aborted) return undefined;
    if (!(error instanceof AdmissionRefusal)) throw error;
    log.warn({ release: formatReleaseId(release), code: error.code, why: error.message }, 'release refused');
    return refusalOf(error);
  };

  return {
    ...canaryExecutors(parts, { serve, refusalIn }),
    install: async ({ release, order, isBeside = false }, signal) => {
      try {
        live.setStandby(await installer.install(release, signal, isBeside));
      } catch (error) {
        const refusal = refusalIn(error, release, signal);
        if (refusal === undefined) return await ledger.record(release, { type: 'aborted' });
        retries.failed(release, refusal.code, refusalBackoff);
        await ledger.record(release, { type: 'refused', refusal, order });
      }
    },
    swap: async ({ release }) => {
      const runner = live.takeStandby(release.model);
      if (runner !== undefined) await serve(runner);
    },
    restore: async ({ release, order }, signal) => {
      try {
        const runner = await installer.restore(release, signal);
        await (signal.aborted ? runner.stop() : serve(runner));
      } catch (error) {
        const refusal = refusalIn(error, release, signal);
        if (refusal === undefined) return;
        if (refusal.code === 'probe-died' && ledger.find(release)?.phase === 'serving') {
          // A release that dies before it answers is in a crash loop as well: it counts as one of its deaths.
          return await ledger.record(release, { type: 'runner-died', why: refusal.message, order });
        }
        const answer = restoreAnswer(refusal);
        if (answer === 'wait') retries.failed(release, refusal.code, refusalBackoff);
        else await ledger.record(release, answer === 'refuse' ? { type: 'refused', refusal, order } : { type: answer });
      }
    },
    'keep-probation': async ({ release }) => {
      const progress = live.probationOf(release, clock.now().monotonicMs);
      if (progress !== undefined) await ledger.record(release, { type: 'probation-kept', progress });
    },
    settle: ({ release }) => ledger.record(release, { type: 'probation-passed' }),
    lift: ({ release }) => ledger.record(release, { type: 'lifted' }),
    discard: async ({ release }) => {
      await live.takeStandby(release.model)?.stop();
      // A canary may have settled here before: it stays installed.
      if (ledger.find(release)?.phase === 'standby') await ledger.record(release, { type: 'standby-lost' });
    },
    withdraw: async ({ model, reason }) => {
      const release = live.serving(model)?.release;
      live.closed(model);
      announce({
        kind: 'model-stopped',
        message: reason,
        ...(release === undefined ? {} : { release: formatReleaseId(release) }),
      });
      // Not awaited: a lane that drains belongs to the past, and a newer order may bring the model back at once.
      serving.withdraw(model).catch((error: unknown) => log.error({ model, err: messageOf(error) }, 'drain failed'));
    },
  };
}
