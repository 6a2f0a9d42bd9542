import { describe, expect, it } from 'vitest';
import { answeredClasses, scoreProblem } from '@bellwether/control-plane/publisher/benchmark-classes';

const logits = { output: 'y', kind: 'logits', axis: -1, labels: [] } as const;

describe('the classes that a release answers with', () => {
  it('are the largest along the last axis, or along another one', () => {
    const values = Float32Array.from([0, 2, 1, 5, 4, 3]);
    expect(answeredClasses({ ...logits, labels: ['a', 'b', 'c'] }, { shape: [2, 3], values })).toEqual([1, 0]);
    expect(answeredClasses({ ...logits, axis: 0, labels: ['a', 'b'] }, { shape: [2, 3], values })).toEqual([1, 1, 1]);
  });

  it('are by halves for a probability', () => {
    const values = Float32Array.from([0.49, 0.5]);
    expect(answeredClasses({ ...logits, kind: 'binary', labels: [] }, { shape: [2, 1], values })).toEqual([0, 1]);
  });
});

describe('a benchmark’s score', () => {
  it('may round otherwise here, but not be worse than what is claimed', () => {
    expect(scoreProblem(0.9, 0.8951)).toBeUndefined();
    expect(scoreProblem(0.9, 0.99)).toBeUndefined();
    expect(scoreProblem(0.9, 0.8949)).toContain('89.5%');
    expect(scoreProblem(0.9, undefined)).toContain('nothing was measured');
    expect(scoreProblem(undefined, undefined)).toBeUndefined();
  });
});
