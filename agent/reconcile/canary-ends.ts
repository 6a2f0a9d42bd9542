import { formatReleaseId } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import type { RunnerExit } from '../inference/engine.js';
import type { Announcement } from '../installs/install.js';
import type { InstallEvent } from '../installs/install-event.js';
import type { ReleaseRef } from '../installs/install-record.js';
import type { Ledger } from '../installs/ledger.js';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { LiveModels } from './live-models.js';
import type { Observed, ObservedCanary } from './observed.js';

export interface CanaryEndsParts {
  readonly ledger: Pick<Ledger, 'record'>;
  readonly live: Pick<LiveModels, 'triedOut'>;
  readonly observed: () => Observed;
  readonly announce: (announcement: Announcement) => void;
  /** Plan again. */
  readonly wake: () => void;
  readonly log: Log;
}

/** What ends a canary on this device without an order. Serving has given its calls to stable before. */
export class CanaryEnds {
  readonly #parts: CanaryEndsParts;

  constructor(parts: CanaryEndsParts) {
    this.#parts = parts;
  }

  /** Its runner is gone unasked: another one is started, and after the third the release is reverted here. */
  async died(model: VerifiedModel, exit: RunnerExit): Promise<void> {
    const { announce, log } = this.#parts;
    const release = refOf(model);
    const end = exit.signal === null ? `it exited with ${exit.code ?? 'no code'}` : `it was ended by ${exit.signal}`;
    const why = exit.why ?? end;
    log.warn({ release: formatReleaseId(release), why }, 'the runner of a canary died');
    announce({ kind: 'runner-died', release: formatReleaseId(release), message: `as canary: ${why}` });
    await this.#end(release, ({ entry: order }) => ({ type: 'canary-died', why, order }));
  }

  /** The device's own breaker switched it off. */
  async tripped(model: VerifiedModel, message: string): Promise<void> {
    const release = refOf(model);
    this.#parts.log.warn({ release: formatReleaseId(release), why: message }, 'the breaker switched a canary off');
    await this.#end(release, ({ entry: order }) => ({ type: 'canary-off', message, order }));
  }

  /** On disk first: while it counts as tried, no plan gives it calls again. Of one that is not ordered any more nothing is remembered. */
  async #end(release: ReleaseRef, eventOf: (canary: ObservedCanary) => InstallEvent): Promise<void> {
    const { ledger, live, wake } = this.#parts;
    const canary = this.#orderedCanary(release);
    try {
      if (canary !== undefined) await ledger.record(release, eventOf(canary));
    } finally {
      live.triedOut(release.model);
      wake();
    }
  }

  #orderedCanary({ model, manifest }: ReleaseRef): ObservedCanary | undefined {
    const canary = this.#parts.observed().models.find((each) => each.model === model)?.canary;
    return canary?.release.manifest === manifest ? canary : undefined;
  }
}

function refOf({ manifest: { model, version }, manifestSha256 }: VerifiedModel): ReleaseRef {
  return { model, version, manifest: manifestSha256 };
}
