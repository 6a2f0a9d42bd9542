import {
  type ArmCount,
  countOfCell,
  type GatingCell,
  gatingCells,
  nullShare,
  type SegmentCounters,
  trialsOf,
} from '@bellwether/shared/evidence/counters';
import type { Split } from '@bellwether/shared/evidence/e-value';
import { byStratum, type DeviceEvidence } from './fleet-evidence.js';

/** The bad calls of one epoch at one share; and of the canary's calls, how many were bad, those of both arms of a pair among them. */
export interface TallyRow extends Split {
  readonly bad: number;
  readonly trials: number;
}

/** The rows of each cell, by epoch and share as one number: counting segments together changes no product of likelihoods. */
export type CellRows = ReadonlyMap<GatingCell, ReadonlyMap<number, TallyRow>>;

/** Bad calls of the whole fleet and of each stratum: all that the evidence of harm depends on. */
export interface Tally {
  readonly whole: CellRows;
  readonly strata: ReadonlyMap<string, CellRows>;
}

type MutableRow = { -readonly [Field in keyof TallyRow]: TallyRow[Field] };
type MutableRows = ReadonlyMap<GatingCell, Map<number, MutableRow>>;

/** Adds the devices' counters up. `strata`: fixed at creation, so that none is picked by what it shows; one is as good as none. */
export function tallyOf(devices: readonly DeviceEvidence[], strata: readonly string[]): Tally {
  const named = strata.length > 1 ? strata : [];
  const members = byStratum(devices);
  const parts = new Map([...members].map(([name, some]) => [name, rowsOfAll(some)]));
  return {
    whole: merged([...parts.values()]),
    strata: new Map(named.map((name) => [name, parts.get(name) ?? noRows()])),
  };
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
  return rowsOfAll([{ segments }]);
}

function rowsOfAll(devices: readonly Pick<DeviceEvidence, 'segments'>[]): CellRows {
  const rows = noRows();
  for (const { segments } of devices) for (const segment of segments) addSegment(rows, segment);
  return rows;
}

function noRows(): MutableRows {
  return new Map(gatingCells.map((cell) => [cell, new Map<number, MutableRow>()]));
}

function addSegment(rows: MutableRows, segment: SegmentCounters): void {
  for (const [cell, ofCell] of rows) {
    const count = countOfCell(segment, cell);
    if (count === undefined) continue;
    const share = shareOf(segment, cell, count);
    // A share at the edge has no second arm: it proves nothing about a difference.
    if (share <= 0 || share >= 1) continue;
    const row = rowOf(ofCell, segment.epoch, share);
    row.canary += count.canary;
    row.total += count.canary + count.stable;
    row.bad += count.canary + (segment.both[cell] ?? 0);
    row.trials += trialsOf(segment, cell).canary;
  }
}

/** Without a death it does not matter how long the runners were there; else there would be a row for each device. */
function shareOf(segment: SegmentCounters, cell: GatingCell, count: ArmCount): number {
  if (cell === 'death' && count.stable + count.canary === 0) return segment.share;
  return nullShare(segment, cell, 'harm');
}

function rowOf(rows: Map<number, MutableRow>, epoch: number, share: number): MutableRow {
  const key = epoch + share;
  const known = rows.get(key);
  if (known !== undefined) return known;
  const row = { epoch, share, canary: 0, total: 0, bad: 0, trials: 0 };
  rows.set(key, row);
  return row;
}

function merged(parts: readonly CellRows[]): CellRows {
  const all = noRows();
  for (const part of parts) {
    for (const [cell, rows] of part) {
      const into = all.get(cell);
      if (into === undefined) continue;
      for (const { epoch, share, canary, total, bad, trials } of rows.values()) {
        const row = rowOf(into, epoch, share);
        row.canary += canary;
        row.total += total;
        row.bad += bad;
        row.trials += trials;
      }
    }
  }
  return all;
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
