import { slowQuantiles } from '@bellwether/shared/evidence/counters';
import { logAbove } from '@bellwether/shared/evidence/e-value';
import type { DeviceEvidence } from './fleet-evidence.js';

/** Stable may become this many times as often slow beside a canary before the canary is in its way. */
const toleratedSlowing = 1.5;
/** How often a call is above the 90 % quantile of before, when nothing has changed. */
const usualRate = 1 - slowQuantiles.slow90;
/** A neighbour's rate in an epoch is made of so many calls at least. */
const fewestCalls = 30;
/** Three in four neighbours have slowed down by no more than this: a few that lie, or are hot, hide nothing; weather that more have is weather. */
const neighbourQuantile = 0.75;

/** A device of the fleet without a canary: its own stable calls, and those above its own limit of before, as an exposed device counts them. */
export interface Neighbour {
  readonly device: string;
  readonly stratum: string;
  /** The epoch that its limit was taken before. */
  readonly since: number;
  readonly epochs: readonly { readonly epoch: number; readonly calls: number; readonly slow: number }[];
}

/** Where to look for neighbours: the stratum of a device on which stable became slow, and the epoch in which its canary came. */
export interface Suspect {
  readonly device: string;
  readonly stratum: string;
  readonly since: number;
}

/** A device on which the canary is in stable's way. */
export interface Disturbed {
  readonly device: string;
  readonly slow: number;
  readonly calls: number;
  /** How many devices without a canary it was compared with; 0: there are none of its kind. */
  readonly neighbours: number;
  /** The rate of slow calls that these neighbours would have had at most, three in four of them, in the same minutes. */
  readonly neighbourRate: number;
}

interface InterferenceInput {
  /** Of the current step. */
  readonly step: readonly DeviceEvidence[];
  /** Of the whole rollout: since when each has a canary. */
  readonly devices: readonly DeviceEvidence[];
  /** The chance that any device of the step is taken for disturbed. */
  readonly alpha: number;
}

/** Stable's calls on a device in one epoch, and how many of them were slow. */
interface EpochRow {
  readonly epoch: number;
  readonly slow: number;
  readonly calls: number;
  /** The part of its calls that would be slow by themselves. */
  readonly usual: number;
}

/** Devices whose stable is slower than before by itself: those whose neighbours are worth asking. */
export function suspects(input: InterferenceInput): Suspect[] {
  const needed = neededOf(input);
  return input.step.flatMap(({ device, stratum, segments }) => {
    if (logSlowing(rowsOf(segments)) < needed) return [];
    return [{ device, stratum, since: sinceOf(device, input.devices) }];
  });
}

/**
 * Devices on which the canary slows stable down: stable's calls above its own earlier 90 % quantile are more than
 * tolerated, and more than on neighbours in the same minutes. Where there are none its own time before alone is compared.
 */
export function disturbed(input: InterferenceInput, neighbours: readonly Neighbour[]): Disturbed[] {
  const needed = neededOf(input);
  const byDevice = new Map(input.step.map((each) => [each.device, each]));
  return suspects(input).flatMap(({ device, stratum, since }) => {
    const beside = neighbours.filter((each) => each.stratum === stratum && each.since === since);
    const drift = driftOf(beside);
    const rows = rowsOf(byDevice.get(device)?.segments ?? [], drift);
    if (logSlowing(rows) < needed) return [];
    const sum = (of: (row: EpochRow) => number) => rows.reduce((total, row) => total + of(row), 0);
    const calls = sum((row) => row.calls);
    const neighbourRate = sum((row) => row.calls * row.usual) / Math.max(1, calls);
    return [{ device, slow: sum(({ slow }) => slow), calls, neighbours: beside.length, neighbourRate }];
  });
}

/**
 * log E for "stable is slow more often than tolerated". Coins of different chances fall less far apart than as many of their
 * mean, so that the mean of the epochs' limits stands for each.
 */
function logSlowing(rows: readonly EpochRow[]): number {
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  const slow = rows.reduce((sum, row) => sum + row.slow, 0);
  const limits = rows.reduce((sum, row) => sum + row.calls * Math.min(0.9, toleratedSlowing * row.usual), 0);
  return calls === 0 ? 0 : logAbove(slow, calls, limits / calls);
}

/** How many times as often as before calls are slow on three in four of the neighbours, by epoch; undefined while an epoch is not over, and where none had calls. */
function driftOf(beside: readonly Neighbour[]): (epoch: number) => number | undefined {
  if (beside.length === 0) return () => 1;
  const last = Math.max(...beside.flatMap(({ epochs }) => epochs.map(({ epoch }) => epoch)));
  return (at) => {
    if (at >= last) return undefined;
    const rates = beside
      .flatMap(({ epochs }) => epochs.filter(({ epoch, calls }) => epoch === at && calls >= fewestCalls))
      .map(({ slow, calls }) => slow / calls / usualRate)
      .toSorted((a, b) => a - b);
    const rate = rates[Math.ceil(neighbourQuantile * rates.length) - 1];
    return rate === undefined ? undefined : Math.max(1, rate);
  };
}

function neededOf({ alpha, step }: InterferenceInput): number {
  return -Math.log(alpha / Math.max(1, step.length));
}

/** What can be compared: an epoch that is not over on the neighbours, or not known of them, cannot yet. */
function rowsOf(
  segments: DeviceEvidence['segments'],
  drift: (epoch: number) => number | undefined = () => 1,
): EpochRow[] {
  return segments.flatMap(({ epoch, mode, cells, calls }) => {
    const slow = mode === 'shadow' ? undefined : cells.slow90?.stable;
    const factor = slow === undefined ? undefined : drift(epoch);
    if (slow === undefined || factor === undefined) return [];
    return [{ epoch, slow, calls: calls.stable, usual: usualRate * factor }];
  });
}

/** Its limit was taken before the first call that was measured by it. */
function sinceOf(device: string, devices: readonly DeviceEvidence[]): number {
  const own = devices.find((each) => each.device === device);
  return Math.min(...rowsOf(own?.segments ?? []).map(({ epoch }) => epoch), Number.MAX_SAFE_INTEGER);
}
