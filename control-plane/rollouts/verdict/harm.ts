import { type GatingCell, gatingCells } from '@bellwether/shared/evidence/counters';
import { harmEvidence, logSum, maxLogProduct } from '@bellwether/shared/evidence/e-value';
import { cellWeights, type EvidenceLimits } from './evidence-policy.js';
import type { DeviceEvidence } from './fleet-evidence.js';
import { type CellRows, rowsOf, type Tally, type TallyRow, without } from './tally.js';

type HarmLimits = Pick<EvidenceLimits, 'toleratedRatio' | 'ignoreBelow'>;

/** Evidence that the canary is worse than tolerated, and where most of it comes from. Natural logarithms. */
export interface Harm {
  readonly logE: number;
  readonly cell: GatingCell;
  /** Null: the whole fleet. */
  readonly stratum: string | null;
  /** The epoch from which on the evidence is strongest. */
  readonly since: number;
}

/** Fewer exposed devices cannot outvote one of them. */
const fewestToOutvote = 3;

/**
 * Evidence of the others, as a logarithm, below which they show nothing: E below 2. Harm of a whole fleet reaches its limit
 * by one event, so that without that event's device it is below again: were each such device switched off, with its evidence,
 * no release would ever fail (docs/decisions/0015).
 */
const hardlyAny = Math.LN2;

/**
 * The combined evidence of harm: the weighted mean over cells, of the mean of the whole fleet's e-value and the mean
 * of its strata's. An average of e-values is one, however they depend on each other; a fault everywhere shows in the
 * first half, a fault of one kind of hardware in the second. A part whose rate of bad calls, since its fault began, is
 * below `ignoreBelow` speaks for the canary at most: such harm takes nothing back.
 */
export function harmOf({ whole, strata }: Tally, limits: HarmLimits): Harm {
  const half = strata.size === 0 ? 0 : Math.LN2;
  const parts = gatingCells.flatMap((cell) => [
    { ...partOf(whole, cell, limits), cell, stratum: null, share: -half },
    ...[...strata].map(([stratum, rows]) => {
      return { ...partOf(rows, cell, limits), cell, stratum, share: -half - Math.log(strata.size) };
    }),
  ]);
  const weighed = parts.map((part) => ({ ...part, logE: part.logE + part.share + Math.log(cellWeights[part.cell]) }));
  const logE = logSum(weighed.map((part) => part.logE));
  const most = weighed.reduce((a, b) => (b.logE > a.logE ? b : a));
  return { logE, cell: most.cell, stratum: most.stratum, since: Math.max(0, most.since) };
}

function partOf(
  all: CellRows,
  cell: GatingCell,
  { toleratedRatio, ignoreBelow }: HarmLimits,
): { readonly logE: number; readonly since: number } {
  const rows = [...(all.get(cell)?.values() ?? [])];
  const { logE, since } = harmEvidence(rows, toleratedRatio);
  return { logE: isWorthIt(rows, since, ignoreBelow) ? logE : Math.min(0, logE), since };
}

/** Hours of good calls before a fault must not dilute it. */
function isWorthIt(rows: readonly TallyRow[], since: number, ignoreBelow: number): boolean {
  const recent = rows.filter(({ epoch }) => epoch >= since);
  const bad = recent.reduce((sum, row) => sum + row.bad, 0);
  const trials = recent.reduce((sum, row) => sum + row.trials, 0);
  return bad >= ignoreBelow * trials;
}

/** A device without which there is not enough evidence. */
export interface LoneVoice {
  readonly device: string;
  /** Of harm, without it. */
  readonly logE: number;
  /** The others show nothing: it is broken, or lies. Else they may yet show the same, and are waited for. */
  readonly isAlone: boolean;
}

/**
 * The device without which the evidence is weakest, when that is below `needed`: then nothing fails by its word.
 * Undefined when there is none, and with fewer than three devices, which cannot outvote one.
 */
export function loneVoice(
  devices: readonly DeviceEvidence[],
  { tally, harm, needed }: { readonly tally: Tally; readonly harm: Harm; readonly needed: number },
  limits: HarmLimits,
): LoneVoice | undefined {
  if (devices.length < fewestToOutvote) return undefined;
  return devices
    .filter((device) => mostAdded(device, limits) > harm.logE - needed)
    .map((device) => ({ device: device.device, logE: harmOf(without(tally, device), limits).logE }))
    .filter(({ logE }) => logE < needed)
    .map((each): LoneVoice => ({ ...each, isAlone: each.logE < hardlyAny }))
    .reduce<LoneVoice | undefined>((weakest, each) => {
      return weakest === undefined || each.logE < weakest.logE ? each : weakest;
    }, undefined);
}

/** A bound of what the device can add to the logarithm: nearly all devices are settled by it, without a sum over the fleet. */
function mostAdded({ segments }: DeviceEvidence, { toleratedRatio }: HarmLimits): number {
  return Math.max(...[...rowsOf(segments).values()].map((rows) => maxLogProduct([...rows.values()], toleratedRatio)));
}
