import type { Clock } from '@bellwether/shared/clock';
import type { Refusal } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import type { Runner } from '../inference/engine.js';
import type { Announcement } from '../installs/install.js';
import type { ReleaseRef } from '../installs/install-record.js';
import type { Installer } from '../installs/installer.js';
import type { Ledger } from '../installs/ledger.js';
import { restoreAnswer } from '../installs/restore-answer.js';
import { AdmissionRefusal, refusalOf } from '../trust/refusal.js';
import { refusalBackoff } from './backoff.js';
import { type LiveModels, runnerRelease } from './live-models.js';
import type { Retries } from './retries.js';
import type { StepOf, StepType } from './step.js';

/** What answers requests, as far as reconcile moves it. */
export interface ModelServing {
  /** The reference moves at once; the old runner drains and is stopped. */
  swap(runner: Runner): { readonly drained: Promise<void> };
  /** The model stops after its drain; resolves when its runner is gone. */
  withdraw(model: string): Promise<void>;
}

export interface ExecutorParts {
  readonly installer: Pick<Installer, 'install' | 'restore'>;
  readonly ledger: Ledger;
  readonly live: LiveModels;
  readonly serving: ModelServing;
  readonly retries: Retries;
  readonly announce: (announcement: Announcement) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** One executor per step type; a step that it may not finish leaves everything so that the next plan finds its way. */
export type Executors = { readonly [T in StepType]: (step: StepOf<T>, signal: AbortSignal) => Promise<void> };

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
    install: async ({ release, order }, signal) => {
      try {
        live.setStandby(await installer.install(release, signal));
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
      await ledger.record(release, { type: 'standby-lost' });
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
