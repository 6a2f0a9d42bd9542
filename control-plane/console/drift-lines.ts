import type { AccuracyView, DriftReply, ShiftView } from '@bellwether/control-plane/http/drift-api';

/** One watched value that has shifted. */
export interface DriftLine {
  /** `pixel-7-7`, `classes`, `confidence`. */
  readonly value: string;
  /** `all devices`, or labels and how many devices. */
  readonly on: string;
  readonly sinceMs: number;
  /** The largest stability index of them. */
  readonly stabilityIndex: number;
}

/** A release that is watched, as the panel shows it. */
export interface ReleaseDrift {
  readonly release: string;
  readonly devices: number;
  readonly streams: number;
  /** The broadest first, then the farthest. */
  readonly lines: readonly DriftLine[];
  /** Estimated for all of its devices; null when it cannot be. */
  readonly accuracy: AccuracyView | null;
}

/** What drifts, by release: the one that drifts most first. */
export function releaseDrifts({ watched, drift, accuracy }: DriftReply): readonly ReleaseDrift[] {
  return watched
    .map(({ model, version, manifest, devices, streams }) => {
      const shifts = drift.filter((each) => each.manifest === manifest);
      const values = [...new Set(shifts.map(({ stream }) => stream))];
      const lines = values.map((stream) => driftLine(stream, shifts));
      return {
        release: `${model}@${version}`,
        devices,
        streams,
        lines: lines.toSorted((a, b) => b.stabilityIndex - a.stabilityIndex),
        accuracy: accuracy.find((each) => each.manifest === manifest && each.level === 'release') ?? null,
      };
    })
    .toSorted((a, b) => b.lines.length - a.lines.length || (a.release < b.release ? -1 : 1));
}

/** How far, in a word: the limits are those in common use. */
export function driftWord(stabilityIndex: number): string {
  if (stabilityIndex < 0.1) return 'slightly';
  return stabilityIndex < 0.25 ? 'clearly' : 'far';
}

function driftLine(stream: string, shifts: readonly ShiftView[]): DriftLine {
  const of = shifts.filter((each) => each.stream === stream);
  return {
    value: stream.replace(/^feature /, ''),
    on: onWhat(of),
    sinceMs: Math.min(...of.map(({ sinceMs }) => sinceMs)),
    stabilityIndex: Math.max(...of.map(({ stabilityIndex }) => stabilityIndex)),
  };
}

function onWhat(shifts: readonly ShiftView[]): string {
  const labels = shifts.filter(({ level }) => level === 'label').map(({ subject }) => subject);
  const devices = shifts.filter(({ level }) => level === 'device').map(({ subject }) => subject);
  const [first = ''] = devices;
  const named = devices.length === 1 ? [first] : [`${devices.length} devices`];
  if (shifts.some(({ level }) => level === 'release')) {
    // One device can carry a small fleet with it: that the value drifts there by itself is worth knowing.
    return ['all devices together', ...(devices.length === 0 ? [] : [`by itself on ${named.join('')}`])].join('; ');
  }
  return [...labels, ...(devices.length === 0 ? [] : named)].join(', ');
}
