import type { DeviceEvidence } from '@bellwether/control-plane/rollouts/verdict/fleet-evidence';
import type { GatingCell, SegmentCounters } from '@bellwether/shared/evidence/counters';

/** Weights and ratios as DESIGN R-3 and the policy's documentation say them, and not as the product has them. */
const weights: Readonly<Record<GatingCell, number>> = {
  error: 0.35,
  invalid: 0.1,
  slow50: 0.05,
  slow90: 0.1,
  slow95: 0.05,
  slow99: 0.05,
  death: 0.1,
  wrong: 0.2,
};
const ratios = [1.5, 2, 3, 5, 10, 20];

interface Event {
  readonly epoch: number;
  /** The canary's odds while both are alike. */
  readonly odds: number;
  readonly isCanary: boolean;
}

/**
 * E of harm in plain numbers, event by event: a gambler for every start and ratio multiplies what he has with each bad
 * call. Slow, without logarithms, and of no use beyond a few hundred events.
 */
export function plainHarm(devices: readonly DeviceEvidence[], strata: readonly string[], tolerated: number): number {
  let value = 0;
  for (const [cell, weight] of Object.entries(weights)) {
    const of = (some: readonly DeviceEvidence[]) =>
      gambled(
        some.flatMap(({ segments }) => segments.flatMap((each) => eventsOf(each, cell as GatingCell))),
        tolerated,
      );
    const whole = of(devices);
    if (strata.length < 2) value += weight * whole;
    else {
      const each = strata.map((name) => of(devices.filter(({ stratum }) => stratum === name)));
      value += (weight * (whole + each.reduce((a, b) => a + b, 0) / strata.length)) / 2;
    }
  }
  return value;
}

function eventsOf(segment: SegmentCounters, cell: GatingCell): Event[] {
  if (segment.mode === 'shadow' && !['error', 'invalid', 'wrong'].includes(cell)) return [];
  const { canary, stable } = segment.cells[cell] ?? { canary: 0, stable: 0 };
  const byTime = segment.runnerMs.canary / segment.runnerMs.stable;
  const byShare = segment.share / (1 - segment.share);
  const odds = segment.mode === 'shadow' ? 1 : cell === 'death' ? Math.max(byTime, byShare) : byShare;
  const event = (isCanary: boolean): Event => ({ epoch: segment.epoch, odds, isCanary });
  return [...Array.from({ length: canary }, () => event(true)), ...Array.from({ length: stable }, () => event(false))];
}

function gambled(events: readonly Event[], tolerated: number): number {
  // Weights of starts that come after everything are summed far enough to be exact to 1e-9 by their known tail.
  const last = Math.max(-1, ...events.map(({ epoch }) => epoch));
  let value = 1 / (last + 2);
  for (let start = 0; start <= last; start++) {
    const stakes = ratios.map((ratio) => {
      let stake = 1;
      for (const { epoch, odds, isCanary } of events) {
        if (epoch < start) continue;
        const alternative = (odds * ratio) / (1 + odds * ratio);
        const tolerable = (odds * tolerated) / (1 + odds * tolerated);
        stake *= isCanary ? alternative / tolerable : (1 - alternative) / (1 - tolerable);
      }
      return stake;
    });
    value += stakes.reduce((a, b) => a + b, 0) / stakes.length / ((start + 1) * (start + 2));
  }
  return value;
}
