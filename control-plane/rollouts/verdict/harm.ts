import { type GatingCell, gatingCells } from '@bellwether/shared/evidence/counters';
import { logHarm, logSum, type Split } from '@bellwether/shared/evidence/e-value';
import { cellWeights } from './evidence-policy.js';
import { type DeviceEvidence, segmentsOf, splitsOf } from './fleet-evidence.js';

/** Evidence that the canary is worse than tolerated, and where most of it comes from. Natural logarithms. */
export interface Harm {
  readonly logE: number;
  readonly cell: GatingCell;
  /** Null: the whole fleet. */
  readonly stratum: string | null;
}

/** Bad calls by cell, of the whole fleet and of each stratum: all that the evidence of harm depends on. */
export interface Tally {
  readonly whole: CellSplits;
  readonly strata: ReadonlyMap<string, CellSplits>;
}
type CellSplits = ReadonlyMap<GatingCell, readonly Split[]>;

/** Adds the devices' counters up. `strata`: fixed at creation, so that none is picked by what it shows. */
export function tallyOf(devices: readonly DeviceEvidence[], strata: readonly string[]): Tally {
  const ofSome = (some: readonly DeviceEvidence[]): CellSplits => {
    const segments = segmentsOf(some);
    return new Map(gatingCells.map((cell) => [cell, mergedSplits(splitsOf(segments, cell))]));
  };
  const named = strata.length > 1 ? strata : [];
  const parts = named.map((name) => [name, ofSome(devices.filter(({ stratum }) => stratum === name))] as const);
  return { whole: ofSome(devices), strata: new Map(parts) };
}

/**
 * The combined evidence of harm: the weighted mean over cells, of the mean of the whole fleet's e-value and the mean
 * of its strata's. An average of e-values is one, however they depend on each other; a fault everywhere shows in the
 * first half, a fault of one kind of hardware in the second.
 */
export function harmOf({ whole, strata }: Tally, tolerated: number): Harm {
  const parts = gatingCells.flatMap((cell) => {
    const logE = (splits: CellSplits) => logHarm(splits.get(cell) ?? [], tolerated) + Math.log(cellWeights[cell]);
    const half = strata.size === 0 ? 0 : Math.LN2;
    const each = [...strata].map(([stratum, splits]) => {
      return { cell, stratum, log: logE(splits) - half - Math.log(strata.size) };
    });
    return [{ cell, stratum: null, log: logE(whole) - half }, ...each];
  });
  const [most] = parts.toSorted((a, b) => b.log - a.log);
  return { logE: logSum(parts.map(({ log }) => log)), cell: most?.cell ?? 'error', stratum: most?.stratum ?? null };
}

/**
 * The device without which the evidence is weakest, and how strong it is then: with that below the limit, one
 * device alone decides. Undefined with fewer than three exposed devices.
 */
export function weakestWithoutOne(
  devices: readonly DeviceEvidence[],
  strata: readonly string[],
  tolerated: number,
): { readonly device: string; readonly logE: number } | undefined {
  const exposed = devices.filter(({ segments }) => segments.some(({ calls }) => calls.canary > 0));
  if (exposed.length < 3) return undefined;
  return exposed
    .map(({ device }) => {
      const others = devices.filter((each) => each.device !== device);
      return { device, logE: harmOf(tallyOf(others, strata), tolerated).logE };
    })
    .reduce((weakest, each) => (each.logE < weakest.logE ? each : weakest));
}

/** Events of one epoch and one share are one experiment; counting them together changes no product. */
function mergedSplits(splits: readonly Split[]): readonly Split[] {
  const merged = new Map<string, Split>();
  for (const split of splits) {
    if (split.total === 0) continue;
    const key = `${split.epoch} ${split.share}`;
    const { canary, total } = merged.get(key) ?? { canary: 0, total: 0 };
    merged.set(key, { ...split, canary: canary + split.canary, total: total + split.total });
  }
  return [...merged.values()];
}
