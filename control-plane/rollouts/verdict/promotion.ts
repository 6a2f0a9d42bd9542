import {
  countOfCell,
  evenShares,
  type GatingCell,
  gatingCells,
  isSlow,
  nullShare,
  slowQuantiles,
  trialsOf,
} from '@bellwether/shared/evidence/counters';
import { logBelow, logMean, logNonInferior } from '@bellwether/shared/evidence/e-value';
import { outageEpochs } from './both-arms.js';
import type { EvidenceLimits } from './evidence-policy.js';
import { byStratum, type DeviceEvidence, measures } from './fleet-evidence.js';
import { type VerdictVersion, verdictVersion } from './verdict.js';
import { mostOfOne } from './voices.js';

/** How far a cell of a stratum is from passing: it passes when `logE` reaches `needed`. Natural logarithms. */
export interface CellProgress {
  readonly stratum: string;
  readonly cell: GatingCell;
  readonly logE: number;
  readonly needed: number;
}

/**
 * Evidence that the canary is good enough, for each stratum and each cell that is needed there: it is less than so
 * many times as bad as stable, or bad less often than an absolute limit: a healthy model has no errors to compare. The
 * mean of both e-values is one, and their maximum is not, so that β is the chance of a wrong pass, and not the half of it.
 */
export function promotionProgress(
  devices: readonly DeviceEvidence[],
  limits: EvidenceLimits,
  version: VerdictVersion = verdictVersion,
): CellProgress[] {
  const needed = -Math.log(limits.beta);
  const outages = new Map(gatingCells.map((cell) => [cell, outageEpochs(devices, cell, limits)]));
  return [...byStratum(devices)].flatMap(([stratum, members]) =>
    gatingCells
      .filter((cell) => isNeeded(cell, members, { all: devices, version }))
      .map((cell) => {
        const without = outages.get(cell) ?? new Set();
        return { stratum, cell, logE: cellEvidence(members, { cell, without }, { limits, version }), needed };
      }),
  );
}

/** Of a cell; `without`: the epochs in which stable was out. */
interface CellEvidence {
  readonly cell: GatingCell;
  readonly without: ReadonlySet<number>;
}

function cellEvidence(
  members: readonly DeviceEvidence[],
  of: CellEvidence,
  { limits, version }: { readonly limits: EvidenceLimits; readonly version: VerdictVersion },
): number {
  const { cell } = of;
  const needed = -Math.log(limits.beta);
  const { ratio, rate } = boundsOf(cell, limits);
  const relativeTo = (most: number) =>
    capped(members, cell, { needed: most, evidence: (device) => relativeEvidence(device, of, ratio) });
  if (version === 1 && isSlow(cell)) return relativeTo(needed);
  // Each is only a half of the mean, and must be able to reach what is needed alone.
  const alone = needed + Math.LN2;
  const absolute = capped(members, cell, {
    needed: alone,
    evidence: (device) => absoluteEvidence(device, cell, rate),
  });
  return logMean([relativeTo(alone), absolute]);
}

/**
 * What a canary must be below: so many times stable's rate, or a rate by itself. Slow is above stable's own quantile and
 * what is tolerated beyond it: when fewer of the canary's calls are slow than that quantile leaves, the canary's quantile
 * lies within what is tolerated [docs/decisions/0016].
 */
function boundsOf(
  cell: GatingCell,
  { maxRatio, maxSlowRatio, maxBad }: Pick<EvidenceLimits, 'maxRatio' | 'maxSlowRatio' | 'maxBad'>,
): { readonly ratio: number; readonly rate: number } {
  return isSlow(cell) ? { ratio: maxSlowRatio, rate: 1 - slowQuantiles[cell] } : { ratio: maxRatio, rate: maxBad };
}

/** True when a cell has what it needs. */
export function isEnough({ logE, needed }: CellProgress): boolean {
  return logE >= needed;
}

/** True when every cell of every stratum has what it needs. Without any evidence nothing passes. */
export function isPromoted(progress: readonly CellProgress[]): boolean {
  return progress.length > 0 && progress.every(isEnough);
}

/** Calls without one bad among them that a cell of a stratum needs, for whoever plans a step: the least that passes anything. */
export function cleanCallsToPass(limits: EvidenceLimits, cell: GatingCell = 'error'): number {
  return Math.ceil(Math.log(2 / limits.beta - 1) / logBelow(0, 1, boundsOf(cell, limits).rate));
}

/**
 * Errors must always be shown to be rare; slowness wherever both arms run about equally often, measured there or not: a
 * release must not pass because nobody could look. What one stratum can measure else is asked of each; labels are asked for
 * where there are some.
 */
function isNeeded(
  cell: GatingCell,
  members: readonly DeviceEvidence[],
  { all, version }: { readonly all: readonly DeviceEvidence[]; readonly version: VerdictVersion },
): boolean {
  if (cell === 'error') return true;
  if (isSlow(cell) && version > 1 && all.some(comparesTimes)) return true;
  return (cell === 'wrong' ? members : all).some((device) => measures(device, cell));
}

function comparesTimes({ segments }: DeviceEvidence): boolean {
  return segments.some(({ mode, share }) => mode === 'split' && share >= evenShares.from && share <= evenShares.to);
}

/**
 * Linear in the counts: the logarithms of each share are taken once, since a step has one share and a fleet has many segments.
 * Of an outage only what speaks against the canary counts: never more than the whole, so that it is an e-value still.
 */
function relativeEvidence({ segments }: DeviceEvidence, { cell, without }: CellEvidence, limit: number): number {
  let sum = 0;
  let inOutage = 0;
  let known = Number.NaN;
  let each = { canary: 0, stable: 0 };
  for (const segment of segments) {
    const count = countOfCell(segment, cell);
    if (count === undefined || count.stable + count.canary === 0) continue;
    const share = nullShare(segment, cell, 'pass');
    if (share <= 0 || share >= 1) continue;
    if (share !== known) {
      const canary = logNonInferior({ share, canary: 1, total: 1 }, limit);
      each = { canary, stable: logNonInferior({ share, canary: 0, total: 1 }, limit) };
      known = share;
    }
    const evidence = count.canary * each.canary + count.stable * each.stable;
    if (without.has(segment.epoch)) inOutage += evidence;
    else sum += evidence;
  }
  return sum + Math.min(0, inOutage);
}

function absoluteEvidence({ segments }: DeviceEvidence, cell: GatingCell, limit: number): number {
  let bad = 0;
  let trials = 0;
  for (const segment of segments) {
    const count = countOfCell(segment, cell);
    if (count === undefined) continue;
    bad += count.canary + (segment.both[cell] ?? 0);
    trials += trialsOf(segment, cell).canary;
  }
  return logBelow(bad, trials, limit);
}

/**
 * The sum, one device's share of it at most max(20 %, 1/n) of what is needed, so that no liar passes a release alone;
 * what speaks against the canary is never cut. Who has not been heard yet counts as one of n: else the first to speak
 * would decide alone.
 */
function capped(
  members: readonly DeviceEvidence[],
  cell: GatingCell,
  { needed, evidence }: { readonly needed: number; readonly evidence: (device: DeviceEvidence) => number },
): number {
  const able = members.filter((device) => device.segments.length === 0 || measures(device, cell));
  const most = needed * mostOfOne(able.map(voiceOf));
  return members.reduce((sum, device) => sum + Math.min(evidence(device), most), 0);
}

/** As it is counted among those that decide. */
export function voiceOf({ isIdle, segments }: DeviceEvidence): Parameters<typeof mostOfOne>[0][number] {
  return { isIdle: isIdle === true, isHeard: segments.length > 0 };
}
