import {
  countOfCell,
  type GatingCell,
  gatingCells,
  nullShare,
  type SegmentCounters,
  trialsOf,
} from '@bellwether/shared/evidence/counters';
import type { Split } from '@bellwether/shared/evidence/e-value';
import { type DeviceEvidence, segmentsOf } from './fleet-evidence.js';

/** The bad calls of one epoch at one share; and of the canary's calls, how many were bad, those of both arms of a pair among them. */
export interface TallyRow extends Split {
  readonly bad: number;
  readonly trials: number;
}

/** The rows of each cell, by epoch and share: counting segments together changes no product of likelihoods. */
export type CellRows = ReadonlyMap<GatingCell, ReadonlyMap<string, TallyRow>>;

/** Bad calls of the whole fleet and of each stratum: all that the evidence of harm depends on. */
export interface Tally {
  readonly whole: CellRows;
  readonly strata: ReadonlyMap<string, CellRows>;
}

/** Adds the devices' counters up. `strata`: fixed at creation, so that none is picked by what it shows; one is as good as none. */
export function tallyOf(devices: readonly DeviceEvidence[], strata: readonly string[]): Tally {
  const named = strata.length > 1 ? strata : [];
  const parts = named.map((name) => {
    return [name, rowsOf(segmentsOf(devices.filter(({ stratum }) => stratum === name)))] as const;
  });
  return { whole: rowsOf(segmentsOf(devices)), strata: new Map(parts) };
}

/** The tally without one device's counters. */
export function without(tally: Tally, device: DeviceEvidence): Tally {
  const own = rowsOf(device.segments);
  const strata = [...tally.strata].map(([name, rows]) => {
    return [name, name === device.stratum ? subtract(rows, own) : rows] as const;
  });
  return { whole: subtract(tally.whole, own), strata: new Map(strata) };
}

/** Counters by cell, epoch and share. */
export function rowsOf(segments: readonly SegmentCounters[]): CellRows {
  return new Map(gatingCells.map((cell) => [cell, cellRows(segments, cell)]));
}

function cellRows(segments: readonly SegmentCounters[], cell: GatingCell): ReadonlyMap<string, TallyRow> {
  const rows = new Map<string, TallyRow>();
  for (const segment of segments) {
    const count = countOfCell(segment, cell);
    const share = nullShare(segment, cell);
    // A share at the edge has no second arm: it proves nothing about a difference.
    if (count === undefined || share <= 0 || share >= 1) continue;
    const { epoch } = segment;
    const key = `${epoch} ${share}`;
    const row = rows.get(key) ?? { epoch, share, canary: 0, total: 0, bad: 0, trials: 0 };
    rows.set(key, {
      epoch,
      share,
      canary: row.canary + count.canary,
      total: row.total + count.canary + count.stable,
      bad: row.bad + count.canary + (segment.both[cell] ?? 0),
      trials: row.trials + trialsOf(segment, cell).canary,
    });
  }
  return rows;
}

function subtract(all: CellRows, part: CellRows): CellRows {
  const cells = [...all].map(([cell, rows]) => {
    const own = part.get(cell);
    if (own === undefined || own.size === 0) return [cell, rows] as const;
    const rest = [...rows].map(([key, row]) => [key, minus(row, own.get(key))] as const);
    return [cell, new Map(rest)] as const;
  });
  return new Map(cells);
}

function minus(row: TallyRow, own: TallyRow | undefined): TallyRow {
  if (own === undefined) return row;
  return {
    ...row,
    canary: row.canary - own.canary,
    total: row.total - own.total,
    bad: row.bad - own.bad,
    trials: row.trials - own.trials,
  };
}
