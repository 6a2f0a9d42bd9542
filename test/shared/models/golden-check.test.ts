import { describe, expect, it } from 'vitest';
import { goldenDifference } from '@bellwether/shared/models/golden-check';
import { floats, integers } from '../../support/release-folder.js';

const exact = { atol: 0, rtol: 0 };

function got(values: number[], shape = [values.length]) {
  return [{ name: 'y', dtype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) }];
}

describe('the comparison with a golden vector', () => {
  it('agrees within atol + rtol·|want|, and not beyond', () => {
    const want = { y: floats([2], [100, 0]) };
    expect(goldenDifference(want, got([101, 0.5]), { atol: 0.5, rtol: 0.01 })).toBeUndefined();
    expect(goldenDifference(want, got([102, 0]), { atol: 0.5, rtol: 0.01 })).toContain('y[0] is 102 instead of 100');
    expect(goldenDifference(want, got([100, 0.75]), { atol: 0.5, rtol: 0.01 })).toContain('y[1]');
  });

  it('never takes NaN for a number, or infinity for a large one', () => {
    const loose = { atol: 1e30, rtol: 1e30 };
    expect(goldenDifference({ y: floats([1], [1]) }, got([Number.NaN]), loose)).toContain('y[0] is NaN');
    expect(goldenDifference({ y: floats([1], [Number.NaN]) }, got([1]), loose)).toContain('instead of NaN');
    expect(goldenDifference({ y: floats([1], [Number.POSITIVE_INFINITY]) }, got([1]), loose)).toContain('Infinity');
    expect(goldenDifference({ y: floats([1], [Number.NaN]) }, got([Number.NaN]), exact)).toBeUndefined();
  });

  it('names an output that is missing, or of another shape or type', () => {
    expect(goldenDifference({ z: floats([1], [1]) }, got([1]), exact)).toBe('output z is missing');
    expect(goldenDifference({ y: floats([1, 1], [1]) }, got([1]), exact)).toBe(
      'output y is FP32[1] instead of FP32[1,1]',
    );
    expect(goldenDifference({ y: integers([1], [1n]) }, got([1]), exact)).toContain('instead of INT64[1]');
  });
});
