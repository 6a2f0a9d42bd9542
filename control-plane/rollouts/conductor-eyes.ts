import type { Clock } from '@bellwether/shared/clock';
import { type SegmentCounters, segmentMs } from '@bellwether/shared/evidence/counters';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { RolloutDevice, RolloutPhase, RolloutView } from '../http/rollout-api.js';
import { armTotals } from './arm-totals.js';
import type { CourseLook } from './course-look.js';
import type { EvidenceLooks } from './evidence-looks.js';
import type { FleetSight } from './fleet-sight.js';
import { isOpen } from './maintenance-window.js';
import { isStaged, type Rollout, releaseIn, type StagedRollout } from './rollout.js';
import { failedDevices } from './rollout-device.js';
import type { RolloutSight, RolloutStore } from './rollout-store.js';
import { directView } from './rollout-view.js';
import { stagedDevices, stagedView } from './staged-view.js';
import { segmentsOf } from './verdict/fleet-evidence.js';
import type { VerdictArchive } from './verdict-archive.js';

interface EyeParts {
  readonly clock: Clock;
  readonly sight: FleetSight;
  readonly looks: EvidenceLooks;
  readonly store: Pick<RolloutStore, 'pastOf'>;
  readonly archive: Pick<VerdictArchive, 'has'>;
}

/** While a decision may come of what the devices count. Afterwards what it was decided by stands. */
const judged: ReadonlySet<RolloutPhase> = new Set(['rolling', 'waiting', 'paused', 'held']);

/** What there is to see of a rollout now: for its next step, and for people. */
export class ConductorEyes {
  readonly #parts: EyeParts;

  constructor(parts: EyeParts) {
    this.#parts = parts;
  }

  /** Everything that transition() needs to know. */
  lookOf(rollout: Rollout): CourseLook {
    if (!isStaged(rollout)) return { devices: [], verdict: null, isWindowOpen: true };
    const { sight, looks } = this.#parts;
    const nowMs = this.#nowMs();
    const devices = sight.devicesOf(rollout, nowMs);
    const verdict = this.#isJudged(rollout) ? looks.look(rollout, devices, nowMs) : null;
    return { devices, verdict, isWindowOpen: isOpen(rollout.course.policy.maintenanceWindow, nowMs) };
  }

  /** What the newest look shows; null before the first. */
  sightOf(rollout: StagedRollout): RolloutSight | null {
    const { sight, looks } = this.#parts;
    const look = looks.of(rollout);
    if (look === undefined) return null;
    const version = sight.stableOf(rollout);
    const stable = version === undefined ? null : formatReleaseId({ model: rollout.model, version });
    return {
      arms: armTotals(look, { stable, canary: releaseIn(rollout) }),
      verdict: { ...look.verdict, atMs: look.atMs },
    };
  }

  /** What both arms counted since then on the exposed devices, by the newest look; empty before the first. */
  segmentsOf(rollout: Rollout, sinceMs: number): readonly SegmentCounters[] {
    const fromEpoch = Math.floor((sinceMs - rollout.createdAtMs) / segmentMs);
    const devices = this.#parts.looks.of(rollout)?.paired.devices ?? [];
    return segmentsOf(devices).filter(({ epoch }) => epoch >= fromEpoch);
  }

  viewOf(rollout: Rollout): RolloutView {
    const view = this.#viewOf(rollout);
    // Nobody is offered what would ask nobody.
    return failedDevices(view).length > 0
      ? view
      : { ...view, actions: view.actions.filter((each) => each !== 'retry') };
  }

  #viewOf(rollout: Rollout): RolloutView {
    const { sight, looks, store } = this.#parts;
    const past = store.pastOf(rollout.number);
    const created = { atMs: rollout.createdAtMs, code: 'created', text: createdText(rollout) };
    const timeline = [created, ...past.moments];
    if (!isStaged(rollout)) {
      return { ...directView(rollout, sight.directDevices(rollout)), history: [], timeline };
    }
    const devices = sight.devicesOf(rollout, this.#nowMs());
    const seen = (judged.has(rollout.phase) ? this.sightOf(rollout) : past.sight) ?? { arms: null, verdict: null };
    return { ...stagedView(rollout, { devices, sight: seen }), history: [...looks.historyOf(rollout)], timeline };
  }

  /** One that is taken back as well, where a kill came before what it was decided by was kept: the counters are there. */
  #isJudged(rollout: StagedRollout): boolean {
    if (judged.has(rollout.phase)) return true;
    const { looks, archive } = this.#parts;
    return rollout.phase === 'rolling-back' && looks.of(rollout) === undefined && !archive.has(rollout);
  }

  /** Every device of it, and where it stands. */
  devicesOf(rollout: Rollout): readonly RolloutDevice[] {
    const { sight } = this.#parts;
    if (!isStaged(rollout)) return sight.directDevices(rollout);
    return stagedDevices(rollout, sight.devicesOf(rollout, this.#nowMs()));
  }

  #nowMs(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}

function createdText(rollout: Rollout): string {
  const { course } = rollout;
  return course === null
    ? `created: ${releaseIn(rollout)} to every device at once`
    : `created: ${releaseIn(rollout)} by ${course.preset} in ${course.policy.steps.length} steps`;
}
