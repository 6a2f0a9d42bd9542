import { describe, expect, it } from 'vitest';
import type { Tensor } from '@bellwether/agent/inference/engine';
import { readAnswer } from '@bellwether/agent/inference/interpretation';
import type { Interpretation } from '@bellwether/shared/models/manifest';

function output(shape: number[], values: number[]): Tensor {
  const floats = Float32Array.from(values);
  return { name: 'y', dtype: 'FP32', shape, data: new Uint8Array(floats.buffer) };
}

function as(kind: Interpretation['kind'], axis = -1, more: Partial<Interpretation> = {}): Interpretation {
  return { output: 'y', kind, axis, labels: [], ...more };
}

const rows = (interpretation: Interpretation, tensor: Tensor) => readAnswer(interpretation, [tensor]).rows;

describe('the reading of an answer', () => {
  it('takes the class of the largest logit, with its softmax', () => {
    const [row] = rows(as('logits'), output([1, 3], [1, 3, 2]));
    expect(row?.classIndex).toBe(1);
    expect(row?.confidence).toBeCloseTo(Math.exp(3) / (Math.exp(1) + Math.exp(3) + Math.exp(2)), 6);
  });

  it('is calmer at a calibration temperature above one, about the same class', () => {
    const tensor = output([1, 2], [0, 2]);
    const hot = as('logits', -1, { calibration: { temperature: 2 } });
    expect(rows(hot, tensor)[0]?.confidence).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    expect(rows(hot, tensor)[0]?.classIndex).toBe(1);
  });

  it('bears logits that would overflow an exponential', () => {
    expect(rows(as('logits'), output([1, 2], [1e30, -1e30]))).toEqual([{ classIndex: 0, confidence: 1 }]);
  });

  it('reads each row of a batch', () => {
    const read = rows(as('probabilities'), output([2, 2], [0.25, 0.75, 1, 0]));
    expect(read).toEqual([
      { classIndex: 1, confidence: 0.75 },
      { classIndex: 0, confidence: 1 },
    ]);
  });

  it('finds the classes along any axis', () => {
    // [1, 3 classes, 2 places]: the places' classes are 2 and 0.
    const tensor = output([1, 3, 2], [0.1, 0.8, 0.2, 0.1, 0.7, 0.1]);
    const read = rows(as('probabilities', 1), tensor);
    expect(read.map((row) => row.classIndex)).toEqual([2, 0]);
    expect(rows(as('probabilities', -2), tensor)).toEqual(read);
  });

  it('reads one probability as two classes', () => {
    const read = readAnswer(as('binary'), [output([2, 1], [0.25, 0.75])]);
    expect(read).toEqual({
      rows: [
        { classIndex: 0, confidence: 0.75 },
        { classIndex: 1, confidence: 0.75 },
      ],
      invalid: false,
      classes: 2,
    });
  });

  it('has no classes for a regression', () => {
    expect(readAnswer(as('regression'), [output([1, 1], [3])])).toEqual({ rows: [], invalid: false, classes: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'calls %f invalid, in every kind',
    (bad) => {
      for (const kind of ['logits', 'probabilities', 'binary', 'regression'] as const) {
        const read = readAnswer(as(kind), [output([1, 2], [0.5, bad])]);
        expect(read).toMatchObject({ invalid: true, rows: [] });
      }
    },
  );

  it('reads nothing where the manifest interprets nothing', () => {
    const nothing = { rows: [], invalid: false, classes: 0 };
    expect(readAnswer(undefined, [output([1, 1], [Number.NaN])])).toEqual(nothing);
    expect(readAnswer(as('logits'), [])).toEqual(nothing);
  });

  it('stops at 256 rows, and at fewer when there are many classes', () => {
    const read = readAnswer(as('probabilities'), [
      output(
        [2000, 1],
        Array.from({ length: 2000 }, () => 1),
      ),
    ]);
    expect(read.rows).toHaveLength(256);
    const wide = output(
      [200, 1000],
      Array.from({ length: 200_000 }, () => 0.5),
    );
    expect(readAnswer(as('probabilities'), [wide]).rows).toHaveLength(66);
  });
});
