import { describe, expect, it } from 'vitest';
import type { Tensor } from '@bellwether/agent/inference/engine';
import { FeatureCounts } from '@bellwether/agent/telemetry/feature-counts';
import { type DataType, dataTypes, type InputTensor } from '@bellwether/shared/models/manifest';
import { bytesOf, valuesWith } from '@bellwether/shared/models/tensor-values';

const image: InputTensor = { name: 'image', dtype: 'FP32', shape: [-1, 4], role: 'app' };

function tensor(values: readonly number[], { dtype = 'FP32', name = 'image', width = 4 }: TensorOptions = {}): Tensor {
  const data = bytesOf(valuesWith(dtype, values.length, (i) => values[i] ?? 0));
  return { name, dtype, shape: [values.length / width, width], data };
}

interface TensorOptions {
  readonly dtype?: DataType;
  readonly name?: string;
  readonly width?: number;
}

function watching(index: number, edges: readonly number[], name = 'image') {
  return { name: `${name}-${index}`, tensor: name, index, edges: [...edges], counts: [...edges.map(() => 1), 1] };
}

describe('feature counts', () => {
  it('count every row of a batch, an edge with what lies below it', () => {
    const counts = new FeatureCounts({ samples: 3, features: [watching(1, [0, 1]), watching(3, [5])] }, [image]);
    counts.count([tensor([9, 0, 9, 5, 9, 0.5, 9, 6, 9, 1.5, 9, -7])]);
    expect(counts.take()).toEqual({
      rows: 3,
      features: [
        [1, 1, 1, 0],
        [2, 1, 0],
      ],
    });
  });

  it('count what is not finite apart', () => {
    const counts = new FeatureCounts({ samples: 1, features: [watching(0, [0])] }, [image]);
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1];
    counts.count([tensor(values.flatMap((value) => [value, 0, 0, 0]))]);
    expect(counts.take()?.features).toEqual([[0, 1, 3]]);
  });

  it('begin anew when they were taken, and are nothing without a row', () => {
    const counts = new FeatureCounts({ samples: 1, features: [watching(0, [0])] }, [image]);
    counts.count([tensor([1, 0, 0, 0])]);
    expect(counts.take()?.rows).toBe(1);
    expect(counts.take()).toBeUndefined();
    counts.count([tensor([-1, 0, 0, 0])]);
    expect(counts.take()).toEqual({ rows: 1, features: [[1, 0, 0]] });
  });

  it.each(dataTypes.filter((dtype) => dtype !== 'BOOL'))('read %s', (dtype) => {
    const counts = new FeatureCounts({ samples: 1, features: [watching(2, [3, 6])] }, [{ ...image, dtype }]);
    counts.count([tensor([0, 0, 5, 0, 0, 0, 100, 0], { dtype })]);
    expect(counts.take()?.features).toEqual([[0, 1, 1, 0]]);
  });

  it('read bytes that begin anywhere', () => {
    const counts = new FeatureCounts({ samples: 1, features: [watching(0, [3])] }, [image]);
    const { data, ...rest } = tensor([5, 0, 0, 0]);
    const shifted = new Uint8Array(data.byteLength + 1);
    shifted.set(data, 1);
    counts.count([{ ...rest, data: shifted.subarray(1) }]);
    expect(counts.take()?.features).toEqual([[0, 1, 0]]);
  });

  it('leave out what no application sends', () => {
    const features = [watching(0, [0], 'features'), watching(0, [0])];
    const counts = new FeatureCounts({ samples: 1, features }, [image]);
    counts.count([tensor([1, 0, 0, 0])]);
    expect(counts.take()?.features).toEqual([[], [0, 1, 0]]);
  });
});
