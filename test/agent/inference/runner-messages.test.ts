import { describe, expect, it } from 'vitest';
import { tensorsOf } from '@bellwether/agent/inference/runner-messages';

const listed = { name: 'y', dtype: 'FP32' as const, shape: [1, 2], bytes: 8 };

describe('the tensors of a frame', () => {
  it('are cut out of its body', () => {
    const body = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(tensorsOf([listed], body)).toEqual([{ name: 'y', dtype: 'FP32', shape: [1, 2], data: body }]);
  });

  it.each([
    ['a number that is cut off', { bytes: 3 }],
    ['a shape that is larger than its bytes', { shape: [1, 1000] }],
    ['a type that is wider than its bytes', { dtype: 'FP64' as const }],
  ])('are refused with %s, before anybody reads beyond them', (_why, change) => {
    expect(() => tensorsOf([{ ...listed, ...change }], new Uint8Array(8))).toThrow(
      expect.objectContaining({ code: 'frame-malformed' }),
    );
  });
});
