import { expect, it } from 'vitest';
import { watchedTensors } from '@bellwether/shared/models/watched-tensors';

const tensor = { dtype: 'FP32', shape: [-1, 4] } as const;
const reference = { file: 'reference.json' };

it('app inputs and small features are watched, where there is a reference', () => {
  const inputs = [
    { ...tensor, name: 'image', role: 'app' },
    { ...tensor, name: 'weights', role: 'parameter', value: 'weights.bin' },
  ] as const;
  const outputs = [
    { ...tensor, name: 'logits', role: 'app' },
    { ...tensor, name: 'hidden', role: 'features' },
    { ...tensor, name: 'large', role: 'features', shape: [-1, 2, 513] },
    { ...tensor, name: 'free', role: 'features', shape: [-1, -1] },
    { ...tensor, name: 'fixed', role: 'features', shape: [1024] },
  ] as const;
  const all = { inputs: [...inputs], outputs: outputs.map((each) => ({ ...each, shape: [...each.shape] })) };
  const of = (manifest: Parameters<typeof watchedTensors>[0]) => watchedTensors(manifest).map(({ name }) => name);
  const shaped = { inputs: all.inputs.map((each) => ({ ...each, shape: [...each.shape] })), outputs: all.outputs };
  expect(of({ ...shaped, reference })).toEqual(['image', 'hidden', 'fixed']);
  expect(of(shaped)).toEqual([]);
});
