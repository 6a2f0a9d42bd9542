import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Engine, RunnerExit } from '../inference/engine.js';
import type { Artifacts } from '../installs/artifacts.js';
import type { Blobs } from '../installs/blobs.js';
import type { Announcement } from '../installs/install.js';
import type { InstallRecord, ReleaseRef } from '../installs/install-record.js';
import { Installer } from '../installs/installer.js';
import { Ledger } from '../installs/ledger.js';
import type { ProbationLimits } from '../installs/probation.js';
import type { InstallLimits } from '../installs/release-files.js';
import type { ReleaseStore } from '../installs/release-store.js';
import { keptReleases, recordsToForget } from '../installs/retention.js';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { DeviceTrust } from '../trust/device-trust.js';
import { restartBackoff } from './backoff.js';
import { CanaryEnds } from './canary-ends.js';
import { executeStep, makeExecutors } from './execute.js';
import type { ModelServing } from './executor.js';
import type { LiveModels } from './live-models.js';
import { ReconcileLoop } from './loop.js';
import { MemoryWatch } from './memory-watch.js';
import { type ObserveParts, observe, orderEntry, orderedCanaries, orderedReleases } from './observe.js';
import type { Observed } from './observed.js';
import { makePlan } from './plan.js';
import type { InstallProgress } from './report.js';
import { Retries } from './retries.js';

export interface ReconcilerParts {
  readonly trust: DeviceTrust;
  readonly store: ReleaseStore;
  readonly blobs: Blobs;
  readonly artifacts: Artifacts;
  readonly engine: Engine;
  readonly serving: ModelServing;
  readonly live: LiveModels;
  readonly limits: InstallLimits;
  readonly startSpreadMs: number;
  readonly probation: ProbationLimits;
  readonly onNoAllowedRelease: 'keep' | 'stop';
  /** Memory that a new runner could get now, in bytes. */
  readonly availableMemory: () => number;
  /** The segment of a model's last draw; 0 before the first. */
  readonly segmentOf: (model: string) => number;
  readonly announce: (announcement: Announcement) => void;
  /** Something that the report tells may have changed. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The whole of reconcile as the agent drives it. */
export interface Reconciler {
  /** Gives every install its answer after the restart, then begins; what is installed here serves without a network. */
  start(): Promise<void>;
  /** Ends what is under way and stops standby runners; what serves is left to serving. May be called twice. */
  stop(): Promise<void>;
  /** A newer order stands: everything may be tried at once. */
  orderChanged(): void;
  /** The network is back, or newer metadata stands. */
  networkChanged(): void;
  /** A serving runner is gone and nobody asked it to. */
  runnerDied(model: VerifiedModel, exit: RunnerExit): Promise<void>;
  /** A canary's runner is gone and nobody asked it to; stable has its calls. */
  canaryDied(model: VerifiedModel, exit: RunnerExit): Promise<void>;
  /** This device's own breaker has switched a canary off; stable has its calls. */
  canaryTripped(model: VerifiedModel, reason: string): Promise<void>;
  /** A release has answered or failed one more call. */
  countCall(model: string, manifest: string): void;
  observed(): Observed;
  /** Of the download that is under way. */
  progress(): InstallProgress | null;
}

/** Releases that are remembered beyond those that are kept. */
const maxRecords = 256;
/** A runner that lived this long died for a new reason: it is restarted at once. */
const steadyMs = 60_000;
/** How often a download's progress is worth a report. */
const progressEveryMs = 1000;

/** Wires plan, executors and loop over the agent's parts. */
export function buildReconciler(parts: ReconcilerParts): Reconciler {
  const { trust, store, serving, live, onChange, clock, random, log } = parts;
  const announce = (announcement: Announcement): void => {
    parts.announce(announcement);
    onChange();
  };
  const retries = new Retries(clock, random);
  const kept = (records: readonly InstallRecord[]): readonly ReleaseRef[] =>
    keptReleases(records, [...orderedReleases(trust).values(), ...orderedCanaries(trust)]);
  const forgettable = (records: readonly InstallRecord[]) => recordsToForget(records, kept(records), maxRecords);
  const ledger = new Ledger({ store, clock, forgettable, announce });
  let progress: InstallProgress | null = null;
  let progressToldMs = Number.NEGATIVE_INFINITY;

  const onProgress = (release: ReleaseRef, bytes: number, totalBytes: number): void => {
    progress = { release, bytes, totalBytes };
    const nowMs = clock.now().monotonicMs;
    if (nowMs - progressToldMs < progressEveryMs) return;
    progressToldMs = nowMs;
    onChange();
  };

  const servingManifest = (model: string) => live.servingManifest(model);
  const installer = new Installer({
    ...parts,
    ledger,
    servingManifest,
    keptReleases: () => kept(ledger.records()),
    onProgress,
  });
  const executors = makeExecutors({ installer, ledger, live, serving, retries, announce, clock, log });
  const observing: ObserveParts = { ...parts, records: () => ledger.records(), retries };
  const loop = new ReconcileLoop({
    plan: () => makePlan(observe(observing)),
    execute: (step, signal) => executeStep(executors, step, signal),
    onPass: () => {
      memory.passed();
      onChange();
    },
    clock,
    log,
  });

  const { availableMemory, limits } = parts;
  const memory = new MemoryWatch({
    live,
    retries,
    availableMemory,
    floorBytes: limits.canaryFloorBytes,
    wake: () => loop.wake(),
    clock,
    log,
  });

  /** What is ordered of a model: the canary where it must serve alone. */
  const entryOf = (model: string): string =>
    observe(observing).models.find((each) => each.model === model)?.entry ?? orderEntry(trust, model);

  const ends = new CanaryEnds({
    ledger,
    live,
    observed: () => observe(observing),
    announce,
    wake: () => loop.wake(),
    log,
  });

  return {
    canaryDied: (model, exit) => ends.died(model, exit),
    canaryTripped: (model, reason) => ends.tripped(model, reason),
    start: async () => {
      try {
        await ledger.recover(entryOf);
      } catch (error) {
        // A full disk: what is on record serves all the same [T-8], and what was on its way begins anew anyhow.
        log.error({ err: messageOf(error) }, 'the answers to the restart could not be written');
      }
      loop.start();
    },
    stop: async () => {
      memory.stop();
      await loop.stop();
      for (const { release } of live.trialsBeside()) {
        // Asked to stop: no canary has brought this agent down. A full disk must not keep it from stopping.
        await ledger.record(release, { type: 'canary-steady' }).catch((error: unknown) => {
          log.error({ err: messageOf(error) }, 'a stop could not be written');
        });
      }
      for (const model of live.models()) await live.takeStandby(model)?.stop();
    },
    orderChanged: () => {
      retries.clearAll();
      loop.wake();
    },
    networkChanged: () => {
      retries.clearNetwork();
      loop.wake();
    },
    runnerDied: async ({ manifest: { model, version }, manifestSha256 }, exit) => {
      const release: ReleaseRef = { model, version, manifest: manifestSha256 };
      const end = exit.signal === null ? `it exited with ${exit.code ?? 'no code'}` : `it was ended by ${exit.signal}`;
      const why = exit.why ?? end;
      const since = live.serving(model)?.since.monotonicMs ?? 0;
      log.warn({ model, version, why }, 'runner died');
      try {
        const progress = live.probationOf(release, clock.now().monotonicMs);
        const death = { type: 'runner-died', why, order: entryOf(model) } as const;
        await ledger.record(release, progress === undefined ? death : { ...death, progress });
      } finally {
        if (clock.now().monotonicMs - since >= steadyMs) retries.clear(release);
        else if (ledger.find(release)?.phase === 'settled') retries.failed(release, 'runner-died', restartBackoff);
        live.ended(model);
        loop.wake();
      }
    },
    countCall: (model, manifest) => {
      // The call that completes the probation's calls; no other one can change the plan.
      if (live.countCall(model, manifest) === parts.probation.calls) loop.wake();
    },
    observed: () => observe(observing),
    progress: () => progress,
  };
}
