import { type GatingCell, gatingCells, maxCount } from '../evidence/counters.js';
import { hex64Pattern, modelNamePattern } from '../ids.js';
import { type Static, Type } from '../schema.js';

const count = Type.Integer({ minimum: 0, maximum: maxCount });
const byArm = Type.Object({ stable: count, canary: count });
const cell = (pattern: readonly GatingCell[]) => Type.String({ pattern: `^(${pattern.join('|')})$` });
/** A record is closed: a cell that nobody knows would bring a count that nobody checked. */
const byCell = { additionalProperties: false, maxProperties: gatingCells.length } as const;

/** `r12`: how a rollout is called on the wire. */
export const rolloutIdPattern = '^r[1-9][0-9]{0,9}$';
/** Shares on the wire are hundredths of a percent. */
export const maxShare = 10_000;

/**
 * What one device saw of one segment of a rollout in one window: numbers that add up. A call counts in the segment
 * of its draw and the window of its answer; `cells` and `both` as in SegmentCounters. A cell that this device cannot
 * measure, as `slow90` before it has a thousand calls of stable to compare with, is absent, and 0 is a measurement.
 */
export const EvidenceWindow = Type.Object({
  rollout: Type.String({ pattern: rolloutIdPattern }),
  step: count,
  model: Type.String({ pattern: modelNamePattern }),
  /** Grows with each cut within a run of the agent; counters of different segments never mix [W-4]. */
  segment: count,
  /** Wall time of the cut: segments are cut with step, share, salt and runner, and at every five minutes of the wall. */
  startedAtMs: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  mode: Type.Union([Type.Literal('shadow'), Type.Literal('split'), Type.Literal('full')]),
  share: Type.Integer({ minimum: 0, maximum: maxShare }),
  /** Manifest digests of both arms. In `full` there is no stable arm, and its counts are 0. */
  stable: Type.String({ pattern: hex64Pattern }),
  canary: Type.String({ pattern: hex64Pattern }),
  calls: byArm,
  runnerMs: byArm,
  labelled: byArm,
  cells: Type.Record(cell(gatingCells), byArm, byCell),
  both: Type.Record(cell(gatingCells), count, byCell),
  /**
   * Microseconds above which a stable call counts as slow, frozen for the segment: its own quantile before, and what two
   * processes may differ by. A canary call is slow beyond that by as much again, and by more while it gets less than a
   * quarter of the calls, since a process that runs seldom has cold caches; above three quarters times are not compared.
   */
  slowMicros: Type.Record(cell(['slow50', 'slow90', 'slow95', 'slow99']), count, byCell),
});
export type EvidenceWindow = Static<typeof EvidenceWindow>;

const sent = EvidenceWindow.properties;
const sentByArm = Type.Object({ stable: Type.Optional(count), canary: Type.Optional(count) });

/** As it travels since version 2 of the window: an arm that counted 0 is left out, and so is what is empty. A cell that was measured is there. */
export const WireEvidenceWindow = Type.Object({
  ...sent,
  labelled: Type.Optional(sentByArm),
  cells: Type.Record(cell(gatingCells), sentByArm, byCell),
  both: Type.Optional(sent.both),
  slowMicros: Type.Optional(sent.slowMicros),
});
export type WireEvidenceWindow = Static<typeof WireEvidenceWindow>;

/** Fills in what was left out, in place. */
export function fillInEvidence(wire: WireEvidenceWindow): asserts wire is EvidenceWindow {
  wire.labelled ??= {};
  for (const byArms of [wire.labelled, ...Object.values(wire.cells)]) {
    byArms.stable ??= 0;
    byArms.canary ??= 0;
  }
  wire.both ??= {};
  wire.slowMicros ??= {};
}
