import { describe, expect, it } from 'vitest';
import type { Tensor } from '@bellwether/agent/inference/engine';
import { RunnerState } from '@bellwether/agent/inference/runner-state';

const inputs = [
  { name: 'x', dtype: 'FP32' as const, shape: [1], role: 'app' as const },
  { name: 'h', dtype: 'FP32' as const, shape: [2], role: 'state' as const, from: 'hn' },
];

function next(value: number): Tensor[] {
  return [{ name: 'hn', dtype: 'FP32', shape: [2], data: new Uint8Array(Float32Array.of(value, value).buffer) }];
}

function valuesOf(state: readonly Tensor[]): number[] {
  return state.flatMap(({ data }) => [...new Float32Array(data.slice().buffer)]);
}

describe('the state of a model', () => {
  it('begins at zeros and goes on with what the last call put out', () => {
    const state = new RunnerState(inputs);
    expect(valuesOf(state.take('a', false))).toEqual([0, 0]);
    state.keep('a', next(7));
    expect(state.take('a', false)).toMatchObject([{ name: 'h', shape: [2] }]);
    expect(valuesOf(state.take('a', false))).toEqual([7, 7]);
  });

  it('keeps keys apart', () => {
    const state = new RunnerState(inputs);
    state.keep('a', next(1));
    state.keep('b', next(2));
    expect(valuesOf(state.take('a', false))).toEqual([1, 1]);
    expect(valuesOf(state.take('c', false))).toEqual([0, 0]);
  });

  it('is not kept without a key: two apps never continue each other', () => {
    const state = new RunnerState(inputs);
    state.keep('', next(7));
    expect(valuesOf(state.take('', false))).toEqual([0, 0]);
  });

  it('begins again on a reset', () => {
    const state = new RunnerState(inputs);
    state.keep('a', next(1));
    expect(valuesOf(state.take('a', true))).toEqual([0, 0]);
  });

  it('forgets the key that was used longest ago when there are too many', () => {
    const state = new RunnerState(inputs);
    for (let i = 0; i < 1024; i++) state.keep(`key ${i}`, next(i + 1));
    state.keep('key 0', next(5));
    state.keep('one more', next(6));
    expect(valuesOf(state.take('key 0', false))).toEqual([5, 5]);
    expect(valuesOf(state.take('key 1', false))).toEqual([0, 0]);
  });

  it('is nothing for a model without state tensors', () => {
    const state = new RunnerState(inputs.slice(0, 1));
    state.keep('a', next(1));
    expect(state.take('a', false)).toEqual([]);
    expect(state.outputNames).toEqual([]);
  });
});
