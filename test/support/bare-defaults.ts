import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { bytesOf, elementCount, valuesOf } from '@bellwether/shared/models/tensor-values';
import { loadOnnxruntime } from './onnxruntime.js';

/** So many calls a second, for so long. */
export interface PacedOrder {
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * The main of a process as an application would write it without knowing better: onnxruntime's own defaults, one
 * `session.run` after the other at a rate. Its argument is the release as JSON; it answers each order when it is over.
 */
const { manifest, blobFolder } = JSON.parse(process.argv[2] ?? '') as VerifiedModel;
const readBlob = (name: string): Uint8Array =>
  readFileSync(join(blobFolder, manifest.files[name]?.sha256 ?? 'missing'));

const { InferenceSession, Tensor } = await loadOnnxruntime();
const session = await InferenceSession.create(readBlob(manifest.graph));
const feeds = Object.fromEntries(
  manifest.inputs.flatMap((input) => {
    const shape = input.shape.map((size) => (size === -1 ? 1 : size));
    const data = input.role === 'parameter' ? readBlob(input.value) : bytesOf(new Float32Array(elementCount(shape)));
    const values = valuesOf({ dtype: 'FP32', data });
    return [[input.name, new Tensor('float32', values, shape)] as const];
  }),
);

async function run({ perSecond, seconds }: PacedOrder): Promise<void> {
  const startMs = performance.now();
  for (let call = 0; call < perSecond * seconds; call++) {
    await session.run(feeds);
    await sleep(Math.max(0, startMs + ((call + 1) * 1000) / perSecond - performance.now()));
  }
}

process.on('message', (order: PacedOrder) => {
  void run(order).then(() => process.send?.({}));
});
process.on('disconnect', () => process.exit());
await session.run(feeds);
process.send?.({});
