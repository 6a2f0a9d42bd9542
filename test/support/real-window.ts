import type { ArmWindow, Window } from '@bellwether/shared/contract/window';
import { emptyHistogram, record } from '@bellwether/shared/evidence/histogram';
import { encodeHistogram, type WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { sha256 } from '@bellwether/shared/signing/digest';
import { windowOf } from './telemetry-messages.js';

const features = 16;
const binsOfFeature = 10;

/**
 * A window as a device with one model has it: 600 calls, ten classes, two histograms, 16 watched values. Devices differ in
 * their numbers, and each window in its sequence and time.
 */
export function realWindow(device: string, sequence: number, nowMs: number): Window {
  const shape = shapes[(sequence * 7 + device.charCodeAt(device.length - 1)) % shapes.length] ?? madeShape(0);
  return windowOf({
    device,
    runId: sha256(Buffer.from(device)).slice(0, 32),
    sequence,
    bootId: '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0',
    startMs: sequence * 60_000,
    endMs: (sequence + 1) * 60_000,
    wallStartMs: nowMs - 60_000,
    wallEndMs: nowMs,
    ...shape,
  });
}

type Shape = Pick<Window, 'arms' | 'features' | 'host'>;

const shapes: readonly Shape[] = Array.from({ length: 64 }, (_, i) => madeShape(i));

function madeShape(seed: number): Shape {
  const dice = (i: number): number => ((seed * 7919 + i * 104_729) % 1009) / 1009;
  const release = { model: 'digits', version: '1.1.0', manifest: sha256(Buffer.from('digits@1.1.0')) };
  const arm: ArmWindow = {
    ...release,
    arm: 'stable',
    segment: 0,
    requests: 600,
    errors: {},
    invalid: 0,
    compute: times(300, dice),
    total: times(900, dice),
    classes: Array.from({ length: 10 }, (_, i) => Math.floor(dice(i) * 120)),
    confidence: Array.from({ length: 20 }, (_, i) => (i < 14 ? 0 : Math.floor(dice(i + 20) * 200))),
    runnerDeaths: 0,
    busyMs: 180,
  };
  const counts = Array.from({ length: features }, (_, f) =>
    Array.from({ length: binsOfFeature }, (_bin, i) => Math.floor(dice(f * binsOfFeature + i) * 900)),
  );
  return {
    arms: [arm],
    features: [{ ...release, arm: 'stable', sinceMs: 0, rows: 6000, features: counts }],
    host: {
      cores: 4,
      agentCpuPct: hundredths(1.21 + dice(1)),
      runnersCpuPct: hundredths(2.08 + dice(2)),
      agentRssBytes: 57_123_840,
      runnersRssBytes: 44_216_320,
      load1: 0.35,
      memoryTotalBytes: 4_000_000_000,
      memoryAvailableBytes: 2_400_000_000,
      diskTotalBytes: 31_000_000_000,
      diskFreeBytes: 12_000_000_000,
      temperatureC: 51.2,
    },
  };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** 600 times around a middle, in microseconds. */
function times(middle: number, dice: (i: number) => number): WireHistogram {
  const histogram = emptyHistogram();
  for (let i = 0; i < 600; i++) record(histogram, middle * Math.exp(dice(i) + dice(i + 1000) - 1));
  return encodeHistogram(histogram);
}
