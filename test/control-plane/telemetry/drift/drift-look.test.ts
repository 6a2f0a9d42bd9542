import { describe, expect, it } from 'vitest';
import { type KeptLook, lookAt } from '@bellwether/control-plane/telemetry/drift/drift-look';
import { packDrift, unpackDrift } from '@bellwether/control-plane/telemetry/drift/packed-drift';
import { watchedRelease } from '@bellwether/control-plane/telemetry/drift/watched-release';
import { addAnswers, addFeatures, capRows } from '@bellwether/control-plane/telemetry/drift/window-rows';

const named = { model: 'digits', version: '1.0.0', manifest: 'a'.repeat(64) };
const release = watchedRelease(
  named,
  {
    inputs: [{ name: 'image', dtype: 'FP32', shape: [-1, 4], role: 'app' }],
    outputs: [],
    reference: { file: 'reference.json' },
  },
  {
    samples: 400,
    classes: [200, 200],
    confidence: [100, 300],
    correct: [50, 300],
    features: [
      { name: 'x', tensor: 'image', index: 0, edges: [1, 2, 3], counts: [1000, 1000, 1000, 1000] },
      { name: 'inner', tensor: 'hidden', index: 0, edges: [0], counts: [200, 200] },
      { name: 'y', tensor: 'image', index: 1, edges: [0], counts: [200, 200] },
    ],
  },
);
const day = 86_400_000;

/** classes, confidence, x, y: rows that count as independent. */
const like = [30, 30, 15, 45, 15, 15, 15, 15, 0, 30, 30, 0];
const shifted = [30, 30, 50, 10, 2, 4, 14, 40, 0, 30, 30, 0];

function looks(all: readonly (readonly number[])[], begin = 0, step = 600_000) {
  let state: { kept: KeptLook | undefined; drifts: ReturnType<typeof unpackDrift> } = {
    kept: undefined,
    drifts: unpackDrift(undefined, release),
  };
  return all.map((rows, i) => {
    const looked = lookAt(release, state, Float64Array.from(rows), begin + i * step);
    // As it is between two looks: packed.
    state = { kept: looked.kept, drifts: unpackDrift(packDrift(looked.drifts, release), release) };
    return looked.kept;
  });
}
const times = (n: number, rows: readonly number[]) => Array.from({ length: n }, () => rows);

describe('the rows of windows', () => {
  it('count one in ten seconds, of every stream that devices see', () => {
    expect(release.names).toEqual(['classes', 'confidence', 'feature x', 'feature y']);
    const sum = new Float64Array(release.bins);
    addAnswers(sum, release, { classes: [450, 150], confidence: [0, 600] }, 60_000);
    addFeatures(
      sum,
      release,
      {
        sinceMs: 0,
        features: [
          [0, 0, 20, 20, 0],
          [9, 9, 9],
          [2, 2, 2],
        ],
      },
      600_000,
    );
    // 600 answers of a minute are 6 rows; 40 rows of ten minutes are 40, 6 are 6.
    expect([...sum]).toEqual([4.5, 1.5, 0, 6, 0, 0, 20, 20, 0, 2, 2, 2]);
  });

  it('count as often as the reference says they may', () => {
    const sum = new Float64Array(release.bins);
    addAnswers(sum, { ...release, apartMs: 100 }, { classes: [450, 150], confidence: [0, 6000] }, 60_000);
    expect([...sum.subarray(0, 4)]).toEqual([450, 150, 0, 600]);
    sum.fill(0);
    addAnswers(sum, { ...release, apartMs: 1 }, { classes: [2000, 0], confidence: [1, 0] }, 60_000);
    capRows(sum, { ...release, apartMs: 1 });
    expect([...sum.subarray(0, 4)]).toEqual([1000, 0, 1, 0]);
  });

  it('that do not fit the reference, or are of no time, count as none', () => {
    const sum = new Float64Array(release.bins);
    addAnswers(sum, release, { classes: [1, 2, 3], confidence: [] }, 60_000);
    addAnswers(sum, release, { classes: [1, 2], confidence: [0, 0] }, 0);
    addFeatures(sum, release, { sinceMs: 0, features: [] }, 600_000);
    expect([...sum]).toEqual(Array.from({ length: release.bins }, () => 0));
  });

  it('are ten minutes of a device at most at a time', () => {
    const sum = new Float64Array(release.bins);
    addAnswers(sum, release, { classes: [5e15, 5e15], confidence: [1, 2] }, 1e15);
    capRows(sum, release);
    expect([...sum.subarray(0, 4)]).toEqual([30, 30, 1, 2]);
  });
});

describe('looks', () => {
  it('find what has shifted, how far, and since when', () => {
    const last = looks([...times(10, like), ...times(4, shifted)]).at(-1);
    const [classes, confidence, x, y] = last?.streams ?? [];
    expect(classes?.logE).toBeLessThan(0);
    expect(y?.logE).toBeLessThan(0);
    expect(Math.min(confidence?.logE ?? 0, x?.logE ?? 0)).toBeGreaterThan(20);
    expect(x?.stabilityIndex).toBeGreaterThan(0.15);
    // The last look at which all was well.
    expect(x?.quietAtMs).toBe(9 * 600_000);
  });

  it('estimate accuracy from the confidence of the last rows', () => {
    expect(looks(times(4, like)).at(-1)?.accuracy?.accuracy).toBeCloseTo(0.87, 1);
    const estimate = looks([...times(4, like), ...times(40, shifted)]).at(-1)?.accuracy;
    // Five of six answers have the confidence that half of the answers deserved.
    expect(estimate?.accuracy).toBeCloseTo(0.58, 1);
    expect(estimate?.standardError).toBeLessThan(0.05);
  });

  it('see the end of it in the value itself, and begin anew', () => {
    const all = looks([...times(4, shifted), ...times(40, like)]);
    const logEs = all.map(({ streams }) => streams[2]?.logE ?? 0);
    const ended = logEs.findIndex((logE, i) => i > 0 && logE === 0);
    expect(logEs.slice(2, ended).every((logE) => logE > 10)).toBe(true);
    expect(ended).toBeGreaterThan(4);
    expect(Math.max(...logEs.slice(ended))).toBeLessThan(3);
  });

  it('do not end while a small shift lasts', () => {
    const small = [30, 30, 15, 45, 11, 12, 17, 20, 0, 30, 30, 0];
    const logEs = looks(times(200, small)).map(({ streams }) => streams[2]?.logE ?? 0);
    const found = logEs.findIndex((logE) => logE > 10);
    expect(found).toBeGreaterThan(0);
    expect(Math.min(...logEs.slice(found))).toBeGreaterThan(10);
  });

  it('begin anew after a year', () => {
    const [, last] = looks([shifted, like], 0, 366 * day);
    expect(last?.begunAtMs).toBe(366 * day);
    expect(last?.streams[2]?.logE).toBeLessThan(1);
  });

  it('keep the detectors to what 32 bits hold, and forget those of another shape', () => {
    const { drifts } = lookAt(
      release,
      { kept: undefined, drifts: unpackDrift(undefined, release) },
      Float64Array.from(shifted),
      0,
    );
    const packed = packDrift(drifts, release);
    const again = unpackDrift(packed, release);
    expect(again.map(({ detectors }) => detectors.map(({ logWon }) => logWon))).toEqual(
      drifts.map(({ detectors }) => detectors.map(({ logWon }) => logWon)),
    );
    expect(again[2]?.seen).toEqual(drifts[2]?.seen);
    expect(again[2]?.detectors[1]?.recent[3]).toBeCloseTo(drifts[2]?.detectors[1]?.recent[3] ?? 0, 4);
    expect(unpackDrift(packed.subarray(8), release)[2]?.looks).toBe(0);
    expect(packed.byteLength).toBe(4 * 4 * 8 + 4 * 4 * release.bins);
  });
});
