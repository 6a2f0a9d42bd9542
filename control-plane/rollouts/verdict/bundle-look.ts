import type { PairedLook, UnpairedLook } from './bundle.js';
import type { EvidenceLimits } from './evidence-policy.js';
import type { DeviceEvidence } from './fleet-evidence.js';
import type { Neighbour } from './interference.js';
import { judge, type VerdictInput } from './judge.js';
import { judgeUnpaired, type UnpairedInput } from './unpaired.js';
import { type Verdict, type VerdictVersion, verdictVersion } from './verdict.js';

type BundledDevice = PairedLook['step'][number];
type BundledSegment = BundledDevice['segments'][number];
type BundledOutputs = PairedLook['outputs']['classes'][number];

/** A look at a step with two arms, as a bundle keeps it: in one order, so that the same evidence gives the same bytes. */
export function pairedLook({ limits: _, ...input }: VerdictInput): PairedLook {
  const step = input.step.map(bundledDevice).toSorted(byDevice);
  const devices = input.devices.map(bundledDevice).toSorted(byDevice);
  const neighbours = (input.neighbours ?? [])
    .map(bundledNeighbour)
    .toSorted((a, b) => a.since - b.since || byDevice(a, b));
  return {
    kind: 'paired',
    devices: JSON.stringify(devices) === JSON.stringify(step) ? null : devices,
    step,
    strata: input.strata.toSorted(),
    outputs: {
      classes: input.outputs.classes.map(bundledOutputs),
      confidence: input.outputs.confidence.map(bundledOutputs),
    },
    unmeasured: input.unmeasured.toSorted(),
    minCalls: input.minCalls,
    ...(neighbours.length > 0 && { neighbours }),
  };
}

/** A look at a step in `full`. */
export function unpairedLook({ limits: _, ...input }: UnpairedInput): UnpairedLook {
  const devices = input.devices.map(({ device, stratum, calls, bad, overBudget, isIdle }) => {
    return { device, stratum, calls, bad, overBudget, ...(isIdle === true && { isIdle }) };
  });
  const baseline = Object.entries(input.baseline).map(
    ([stratum, { bad, calls, overBudget }]) =>
      [stratum, { bad, calls, ...(overBudget !== undefined && { overBudget }) }] as const,
  );
  return {
    kind: 'unpaired',
    devices: devices.toSorted(byDevice),
    minCalls: input.minCalls,
    provenStrata: input.provenStrata.toSorted(),
    baseline: inOrder(Object.fromEntries(baseline)),
  };
}

/** The verdict that a look gives: by the same code, whoever asks; by the rules of `version`. */
export function judgeLook(
  look: PairedLook | UnpairedLook,
  limits: EvidenceLimits,
  version: VerdictVersion = verdictVersion,
): Verdict {
  if (look.kind === 'unpaired') return judgeUnpaired({ ...look, limits }, version);
  return judge({ ...look, devices: look.devices ?? look.step, limits }, version);
}

function bundledDevice({ device, stratum, segments, isIdle }: DeviceEvidence): BundledDevice {
  const written = segments.map((segment): BundledSegment => {
    const { epoch, mode, share, calls, runnerMs, labelled, cells, both } = segment;
    return { epoch, mode, share, calls, runnerMs, labelled, cells: inOrder(cells), both: inOrder(both) };
  });
  return { device, stratum, segments: written.toSorted(bySegment), ...(isIdle === true && { isIdle }) };
}

function bundledNeighbour({ device, stratum, since, epochs }: Neighbour) {
  const written = epochs.map(({ epoch, calls, slow }) => ({ epoch, calls, slow }));
  return { device, stratum, since, epochs: written.toSorted((a, b) => a.epoch - b.epoch) };
}

function bundledOutputs({ share, stable, canary, rows }: VerdictInput['outputs']['classes'][number]): BundledOutputs {
  return { share, stable: [...stable], canary: [...canary], ...(rows !== undefined && { rows }) };
}

function byDevice(a: { readonly device: string }, b: { readonly device: string }): number {
  return a.device < b.device ? -1 : 1;
}

function bySegment(a: BundledSegment, b: BundledSegment): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function inOrder<T>(record: Readonly<Partial<Record<string, T>>>): Record<string, T> {
  const entries = Object.entries(record).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
