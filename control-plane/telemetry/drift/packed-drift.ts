import { type Drift, driftMemories, freshDrift } from '@bellwether/shared/evidence/drift';
import type { WatchedRelease } from './watched-release.js';

/**
 * The detectors of a release on one subject as bytes, in this machine's order: for each stream looks and what each memory
 * has won, in 64 bits; then for each stream what was seen and what each memory holds, in 32. Half of what JSON takes, and
 * a tenth of the time: they are read and written at every look.
 */
export function packDrift(drifts: readonly Drift[], { streams, bins }: Shape): Uint8Array {
  const { bytes, exact, counts } = views(new ArrayBuffer(byteLength(streams.length, bins)), streams.length);
  const memories = driftMemories.length;
  let at = 0;
  for (const [i, { looks, seen, detectors }] of drifts.entries()) {
    exact.set([looks, ...detectors.map(({ logWon }) => logWon)], i * (1 + memories));
    for (const part of [seen, ...detectors.map(({ recent }) => recent)]) {
      counts.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** Fresh ones for bytes that are not of this release's shape: there were none yet, or its reference has changed. */
export function unpackDrift(packed: Uint8Array | undefined, { streams, bins }: Shape): readonly Drift[] {
  if (packed === undefined || packed.byteLength !== byteLength(streams.length, bins)) {
    return streams.map(({ counts }) => freshDrift(counts.length));
  }
  // A copy of its own: a driver's buffer may begin anywhere, and these views need multiples of eight.
  const { exact, counts } = views(Uint8Array.from(packed).buffer, streams.length);
  let at = 0;
  const take = (length: number): readonly number[] => {
    const from = at;
    at += length;
    return [...counts.subarray(from, at)];
  };
  return streams.map(({ counts: { length } }, i) => {
    const first = i * (1 + driftMemories.length);
    const seen = take(length);
    const detectors = driftMemories.map((_, d) => ({
      recent: take(length),
      logWon: exact[first + 1 + d] ?? -Infinity,
    }));
    return { looks: exact[first] ?? 0, seen, detectors };
  });
}

type Shape = Pick<WatchedRelease, 'streams' | 'bins'>;

function byteLength(streams: number, bins: number): number {
  return 8 * streams * (1 + driftMemories.length) + 4 * bins * (1 + driftMemories.length);
}

function views(buffer: ArrayBuffer, streams: number) {
  const exact = new Float64Array(buffer, 0, streams * (1 + driftMemories.length));
  return { bytes: new Uint8Array(buffer), exact, counts: new Float32Array(buffer, exact.byteLength) };
}
