import type { Clock } from '@bellwether/shared/clock';
import type { RolloutView } from '../http/rollout-api.js';
import type { CourseLook } from './course-look.js';
import type { EvidenceLooks } from './evidence-looks.js';
import type { FleetSight } from './fleet-sight.js';
import { isOpen } from './maintenance-window.js';
import { isStaged, type Rollout } from './rollout.js';
import { directView } from './rollout-view.js';
import { stagedView } from './staged-view.js';

interface EyeParts {
  readonly clock: Clock;
  readonly sight: FleetSight;
  readonly looks: EvidenceLooks;
}

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
    const verdict = looks.look(rollout, devices, nowMs);
    return { devices, verdict, isWindowOpen: isOpen(rollout.course.policy.maintenanceWindow, nowMs) };
  }

  viewOf(rollout: Rollout): RolloutView {
    const { sight, looks } = this.#parts;
    if (!isStaged(rollout)) return directView(rollout, sight.directDevices(rollout));
    const devices = sight.devicesOf(rollout, this.#nowMs());
    return stagedView(rollout, { devices, look: looks.of(rollout), stableVersion: sight.stableOf(rollout) });
  }

  #nowMs(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}
