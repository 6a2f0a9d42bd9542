import { type GatingCell, gatingCells } from '@bellwether/shared/evidence/counters';
import { logBelow, logNonInferior } from '@bellwether/shared/evidence/e-value';
import type { EvidenceLimits } from './evidence-policy.js';
import { byStratum, type DeviceEvidence, splitsOf, totalsOf } from './fleet-evidence.js';

/** How far a cell of a stratum is from passing: it passes when `logE` reaches `needed`. Natural logarithms. */
export interface CellProgress {
  readonly stratum: string;
  readonly cell: GatingCell;
  readonly logE: number;
  readonly needed: number;
}

/** No device gives more than this part of what a step needs, unless there are too few of them. */
const maxPart = 0.2;

/**
 * Evidence that the canary is good enough, for each stratum and each cell that is measured there: it is less than
 * so many times as bad as stable, or bad less often than an absolute limit: a healthy model has no errors to compare.
 * One device's word counts for at most max(20 %, 1/n), so that no liar passes a release alone.
 */
export function promotionProgress(devices: readonly DeviceEvidence[], limits: EvidenceLimits): CellProgress[] {
  const needed = -Math.log(limits.beta);
  return [...byStratum(devices)].flatMap(([stratum, members]) =>
    gatingCells
      .filter((cell) => isNeeded(members, cell))
      .map((cell) => {
        const relative = capped(
          members.map((device) => relativeEvidence(device, cell, limits)),
          needed,
        );
        const absolute = capped(
          members.map((device) => absoluteEvidence(device, cell, limits)),
          needed,
        );
        return { stratum, cell, logE: Math.max(relative, absolute), needed };
      }),
  );
}

/** True when every cell of every stratum has what it needs. Without any evidence nothing passes. */
export function isPromoted(progress: readonly CellProgress[]): boolean {
  return progress.length > 0 && progress.every(({ logE, needed }) => logE >= needed);
}

/** Errors must always be shown to be rare; other cells where anybody measures them. */
function isNeeded(devices: readonly DeviceEvidence[], cell: GatingCell): boolean {
  return cell === 'error' || devices.some(({ segments }) => segments.some(({ cells }) => cells[cell] !== undefined));
}

function relativeEvidence({ segments }: DeviceEvidence, cell: GatingCell, limits: EvidenceLimits): number {
  const limit = cell.startsWith('slow') ? limits.maxSlowRatio : limits.maxRatio;
  return splitsOf(segments, cell).reduce((sum, split) => sum + logNonInferior(split, limit), 0);
}

function absoluteEvidence({ segments }: DeviceEvidence, cell: GatingCell, limits: EvidenceLimits): number {
  const { bad, trials } = totalsOf(segments, cell);
  return logBelow(bad.canary, trials.canary, limits.maxBad);
}

/** The sum, each device's share of it at most `maxPart` of what is needed; what speaks against the canary is never cut. */
function capped(evidence: readonly number[], needed: number): number {
  const heard = evidence.filter((log) => log !== 0).length;
  const most = Math.max(maxPart, 1 / Math.max(1, heard)) * needed;
  return evidence.reduce((sum, log) => sum + Math.min(log, most), 0);
}
