import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import type { CanarySettings } from '../inference/canary-settings.js';
import type { Runner } from '../inference/engine.js';
import type { Announcement } from '../installs/install.js';
import type { Installer } from '../installs/installer.js';
import type { Ledger } from '../installs/ledger.js';
import type { LiveModels } from './live-models.js';
import type { Retries } from './retries.js';
import type { StepOf, StepType } from './step.js';

/** What answers requests, as far as reconcile moves it. */
export interface ModelServing {
  /** The reference moves at once; the old runner drains and is stopped. */
  swap(runner: Runner): { readonly drained: Promise<void> };
  /** A canary takes its part of the calls, or another part. */
  setCanary(runner: Runner, settings: CanarySettings): void;
  /** Stable has every call at once; resolves when the canary's runner is gone. */
  dropCanary(model: string): Promise<void>;
  /** The canary's runner, alive, to be swapped in. */
  releaseCanary(model: string): Promise<Runner | undefined>;
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
