import type { RolloutPhase } from '@bellwether/control-plane/http/rollout-api';
import type { OrderedCanary } from '@bellwether/shared/contract/order';
import type { CanaryReport } from '@bellwether/shared/contract/report';
import type { ConductorWorld } from './conductor-world.js';
import type { Happening } from './rollout-happenings.js';

const active: ReadonlySet<RolloutPhase> = new Set(['rolling', 'waiting', 'paused', 'held']);
const back: ReadonlySet<RolloutPhase> = new Set(['rolling-back', 'rolled-back', 'aborted']);

/** What the devices of rollout r2 have received, and what they have said of it: the server is seen from outside. */
export class OrderWatch {
  readonly ids: string[] = [];
  readonly #world: ConductorWorld;
  readonly #maxInFlight: number;
  #phase: RolloutPhase = 'rolling';
  #received: ReadonlyMap<string, OrderedCanary> = new Map();
  /** Devices whose canary is up, or never will be. */
  readonly #answered = new Set<string>();

  constructor(world: ConductorWorld, maxInFlight: number) {
    this.#world = world;
    this.#maxInFlight = maxInFlight;
  }

  /** A device is about to say how its canary stands: of what it is ordered by then, which may have come a moment ago. */
  said(id: string, state: CanaryReport['state']): void {
    if (state !== 'installing' && this.#world.ordered(id)?.canary !== undefined) this.#answered.add(id);
  }

  /** The promises that are broken, once something has happened. */
  problems(what: Happening): readonly string[] {
    const { phase, failures, step } = this.#world.conductor.view('r2');
    const [before, had] = [this.#phase, this.#received];
    const received = this.#canaries();
    this.#phase = phase;
    this.#received = received;
    for (const id of this.ids) if (!received.has(id)) this.#answered.delete(id);
    const inFlight = [...received.keys()].filter((id) => !this.#answered.has(id));
    const seen = failures.filter(({ acknowledged }) => !acknowledged);
    const isLooked = what.kind === 'time' || what.kind === 'calls';
    const begun = [...received].filter(([id, canary]) => had.get(id)?.step !== canary.step).map(([id]) => id);
    const wrong = [...received].filter(([id, canary]) => {
      return !this.#world.fleet.isMember(id) || this.#world.holds.of(id).length > 0 || canary.step > (step ?? 0);
    });
    const isGone = !active.has(phase) && phase !== 'done';
    return [
      ...(back.has(before) && !back.has(phase) ? [`${before} became ${phase}`] : []),
      ...(isGone && received.size > 0 ? [`${phase}, and ${[...received.keys()].join()} have it`] : []),
      // Only a person's word, or harm, ends a pause; nobody begins in it, and no step does.
      ...(before === 'paused' && what.kind !== 'decided' && phase !== 'paused' && !back.has(phase)
        ? [`a pause became ${phase}`]
        : []),
      ...(before === 'paused' && phase === 'paused' && begun.length > 0 ? [`${begun.join()} began in a pause`] : []),
      ...(inFlight.length > this.#maxInFlight ? [`${inFlight.join()} install at the same time`] : []),
      ...wrong.map(([id]) => `${id} has what it must not have`),
      // Looked at, more failures than the budget of one are not let be.
      ...(isLooked && active.has(phase) && seen.length > 1 ? [`${seen.length} failures are let be`] : []),
    ];
  }

  #canaries(): ReadonlyMap<string, OrderedCanary> {
    return new Map(
      this.ids.flatMap((id) => {
        const canary = this.#world.receives(id)?.canary;
        return canary === undefined ? [] : [[id, canary] as const];
      }),
    );
  }
}
