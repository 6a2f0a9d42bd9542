import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@bellwether/agent/inference/engine';
import { type OnnxSession, openSession } from '@bellwether/agent/inference/runner-onnx-session';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { bytesOf, elementCount } from '@bellwether/shared/models/tensor-values';
import { longestGapMs } from './longest-gap.js';
import { loadOnnxruntime } from './onnxruntime.js';

/** What a bench asks of it: so many calls, so many at once. */
export interface BareOrder {
  readonly calls: number;
  readonly inFlight: number;
}

/** Its first message: how long opening the session held its main thread up. */
export interface BareHello {
  readonly gapMs: number;
}

/** Microseconds of each call, and milliseconds of all of them. */
export interface Timings {
  readonly micros: number[];
  readonly totalMs: number;
}

/**
 * The main of a process that does nothing but `session.run`: the other side of the overhead bench. Its argument is the
 * release as JSON; it answers each BareOrder with Timings.
 */
const { manifest, blobFolder } = JSON.parse(process.argv[2] ?? '') as VerifiedModel;

function readFile(name: string): Uint8Array {
  return readFileSync(join(blobFolder, manifest.files[name]?.sha256 ?? 'missing'));
}

const parameters: Tensor[] = manifest.inputs.flatMap((input) =>
  input.role === 'parameter' ? [{ ...input, data: readFile(input.value) }] : [],
);
const onnxruntime = await loadOnnxruntime();
const graph = readFile(manifest.graph);
const opening: { session?: OnnxSession } = {};
const gapMs = await longestGapMs(async () => {
  opening.session = await openSession(onnxruntime, graph, manifest.runtime, parameters);
});
const outputs = manifest.outputs.filter((output) => output.role === 'app').map((output) => output.name);

function freshInputs(): Tensor[] {
  return manifest.inputs.flatMap(({ name, dtype, shape, role }) => {
    const fixed = shape.map((size) => (size === -1 ? 1 : size));
    return role === 'app' ? [{ name, dtype, shape: fixed, data: bytesOf(new Float32Array(elementCount(fixed))) }] : [];
  });
}

async function measure({ calls, inFlight }: BareOrder): Promise<Timings> {
  const micros: number[] = [];
  let left = calls;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const startedMs = performance.now();
      await opening.session?.run(freshInputs(), outputs);
      micros.push((performance.now() - startedMs) * 1000);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { micros, totalMs: performance.now() - startedMs };
}

process.on('message', (order: BareOrder) => {
  void measure(order).then((timings) => process.send?.(timings));
});
process.on('disconnect', () => process.exit());
process.send?.({ gapMs } satisfies BareHello);
