import * as fc from 'fast-check';
import { type EvidenceLimits, limitsOf } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';
import type { DeviceEvidence } from '@bellwether/control-plane/rollouts/verdict/fleet-evidence';
import type { VerdictInput } from '@bellwether/control-plane/rollouts/verdict/judge';
import {
  type ArmCount,
  type GatingCell,
  gatingCells,
  type SegmentCounters,
} from '@bellwether/shared/evidence/counters';

/** The numbers of the policy that says nothing. */
export const standardLimits: EvidenceLimits = limitsOf({});

/** stable, canary. */
export function arms(stable: number, canary: number): ArmCount {
  return { stable, canary };
}

/** A segment of ten minutes' worth of calls without a bad one, changed as asked. */
export function segment(changes: Partial<SegmentCounters> = {}): SegmentCounters {
  return {
    epoch: 0,
    mode: 'split',
    share: 0.05,
    calls: arms(1900, 100),
    runnerMs: arms(300_000, 300_000),
    labelled: arms(0, 0),
    cells: { error: arms(0, 0), invalid: arms(0, 0), death: arms(0, 0) },
    both: {},
    ...changes,
  };
}

/** One device; its name says nothing about its stratum. */
export function device(name: string, segments: readonly SegmentCounters[], stratum = ''): DeviceEvidence {
  return { device: name, stratum, segments };
}

/** So many devices alike, `d0` …. */
export function devices(count: number, segments: readonly SegmentCounters[], stratum = ''): DeviceEvidence[] {
  return Array.from({ length: count }, (_, i) => device(`d${i}`, segments, stratum));
}

/** A look at a step that is the whole rollout. */
export function look(fleet: readonly DeviceEvidence[], changes: Partial<VerdictInput> = {}): VerdictInput {
  return {
    limits: standardLimits,
    devices: fleet,
    step: fleet,
    strata: [...new Set(fleet.map(({ stratum }) => stratum))],
    outputs: { classes: [], confidence: [] },
    unmeasured: [],
    minCalls: 0,
    ...changes,
  };
}

const count = (max: number) => fc.record({ stable: fc.nat(max), canary: fc.nat(max) });

/** Small segments of any kind: every cell, both modes, several epochs and shares. */
export const anySegment: fc.Arbitrary<SegmentCounters> = fc
  .record({
    epoch: fc.nat(5),
    mode: fc.constantFrom('split' as const, 'split' as const, 'shadow' as const),
    share: fc.constantFrom(0.05, 0.5),
    cells: fc.array(fc.tuple(fc.constantFrom<GatingCell>(...gatingCells), count(5)), { maxLength: 5 }),
    both: fc.nat(2),
    runnerMs: fc.constantFrom(arms(1000, 1000), arms(1000, 500)),
  })
  .map(({ epoch, mode, share, cells, both, runnerMs }) => {
    const calls = mode === 'shadow' ? arms(40, 40) : arms(60, 40);
    const named = Object.fromEntries(cells);
    return segment({ epoch, mode, share, calls, runnerMs, labelled: calls, cells: named, both: { error: both } });
  });

/** A few devices of two strata. */
export const anyFleet: fc.Arbitrary<readonly DeviceEvidence[]> = fc
  .array(fc.tuple(fc.constantFrom('pi', 'jetson'), fc.array(anySegment, { maxLength: 4 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((each) => each.map(([stratum, segments], i) => device(`d${i}`, segments, stratum)));
