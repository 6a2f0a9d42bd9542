import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphDifferences } from '@bellwether/shared/models/compatibility';
import { OnnxError, readOnnxGraph } from '@bellwether/shared/models/onnx-tensors';
import type { ModelFixture } from '../support/onnx-models.js';
import * as models from '../support/onnx-models.js';
import { loadOnnxruntime } from '../support/onnxruntime.js';

const { InferenceSession: Session, Tensor } = await loadOnnxruntime();
const repository = new URL('../../../', import.meta.url);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-onnx-models-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a model once in this process with one FP32 input. */
async function run(fixture: ModelFixture, values: readonly number[], shape: readonly number[]): Promise<Float32Array> {
  const session = await load(fixture.bytes);
  const results = await session.run({ x: new Tensor('float32', Float32Array.from(values), shape) });
  await session.release();
  const data = results['y']?.data;
  if (!(data instanceof Float32Array)) throw new TypeError('y is not FP32');
  return data;
}

function load(bytes: Uint8Array): Promise<InferenceSession> {
  return Session.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
}

interface Exit {
  readonly signal: NodeJS.Signals | null | undefined;
  readonly stdout: string;
}

/** Loads and runs a model in a process of its own, which gets `runMs` before SIGKILL once it has loaded. */
async function runAlone(fixture: ModelFixture, shape: readonly number[], value: number, runMs: number): Promise<Exit> {
  const path = join(folder, `alone-${value}-${fixture.bytes.length}.onnx`);
  await writeFile(path, fixture.bytes);
  const script = `
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(${JSON.stringify(path)}, { intraOpNumThreads: 1 });
    process.stdout.write('loaded ');
    const x = new Float32Array(${shape.reduce((a, b) => a * b, 1)}).fill(${value});
    await session.run({ x: new Tensor('float32', x, ${JSON.stringify(shape)}) });
    process.stdout.write('ran');`;
  const options = { cwd: repository, env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script], options, (_error, stdout) =>
      resolve({ signal: child.signalCode, stdout }),
    );
    // The first words say that it has loaded and runs from now on.
    child.stdout?.once('data', () => {
      const tooLong = setTimeout(() => child.kill('SIGKILL'), runMs);
      child.once('exit', () => clearTimeout(tooLong));
    });
  });
}

describe('ONNX fixtures', () => {
  it.each([
    ['identity', models.identityModel()],
    ['mlp', models.mlpModel([8, 16, 3])],
    ['large', models.largeModel(1)],
    ['slow', models.slowModel(1)],
    ['hanging', models.hangingModel()],
    ['logarithm', models.nanModel()],
  ])('%s declares the tensors that its graph has', (_name, fixture) => {
    expect(graphDifferences(readOnnxGraph(fixture.bytes), fixture)).toEqual([]);
  });

  it('answers its input from the identity model', async () => {
    expect([...(await run(models.identityModel(3), [1, -2, 3, 4, 5, 6], [2, 3]))]).toEqual([1, -2, 3, 4, 5, 6]);
  });

  it('gives other answers from a dense network with another seed', async () => {
    const [one, two] = await Promise.all([1, 2].map((seed) => run(models.mlpModel([2, 8, 3], seed), [1, 1], [1, 2])));
    expect(one).toHaveLength(3);
    expect(one).not.toEqual(two);
  });

  it('makes a large model of the size asked for, which answers its rows and refuses rows that are not there', async () => {
    const { bytes } = models.largeModel(100);
    expect(Math.abs(bytes.length - 100_000_000)).toBeLessThan(10_000);
    const session = await load(bytes);
    const rows = await session.run({ row: new Tensor('int64', BigInt64Array.of(0n, 97_000n), [2]) });
    expect(rows['y']?.dims).toEqual([2, 256]);
    await expect(session.run({ row: new Tensor('int64', BigInt64Array.of(200_000n), [1]) })).rejects.toThrow(/bounds/);
    await session.release();
  });

  it('makes a slow model that answers finite numbers and takes longer the longer it is meant to', async () => {
    const millisecondsOf = async (ms: number): Promise<number> => {
      const session = await load(models.slowModel(ms).bytes);
      const x = new Tensor('float32', new Float32Array(256).fill(1), [1, 256]);
      const { y } = await session.run({ x });
      expect(y?.data instanceof Float32Array && y.data.every((value) => Number.isFinite(value))).toBe(true);
      const times: number[] = [];
      for (let i = 0; i < 20; i++) {
        const start = performance.now();
        await session.run({ x });
        times.push(performance.now() - start);
      }
      await session.release();
      return Math.min(...times);
    };
    const five = await millisecondsOf(5);
    expect(five).toBeGreaterThan(1);
    expect(await millisecondsOf(20)).toBeGreaterThan(2.5 * five);
  });

  it.each(['INT4', 'UINT4'] as const)('shows the reader of graphs an %s output that no manifest can name', (type) => {
    const fixture = models.int4OutputModel(type);
    expect(graphDifferences(readOnnxGraph(fixture.bytes), fixture)).toHaveLength(1);
  });

  it.each(['INT4', 'UINT4'] as const)('makes onnxruntime abort its process by an %s output', async (type) => {
    const exit = await runAlone(models.int4OutputModel(type), [4], 1, 8000);
    expect(exit).toEqual({ signal: 'SIGABRT', stdout: 'loaded ' });
  });

  it('makes a hanging model that counts to three at once and to 1e15 not in time', async () => {
    expect([...(await run(models.hangingModel(), [3], [1, 1]))]).toEqual([3]);
    expect(await runAlone(models.hangingModel(), [1, 1], 1e15, 500)).toEqual({ signal: 'SIGKILL', stdout: 'loaded ' });
  });

  it('answers NaN below zero, -Infinity at zero and a number above', async () => {
    const answers = await run(models.nanModel(), [-1, 0, 1], [3, 1]);
    expect([...answers]).toEqual([Number.NaN, Number.NEGATIVE_INFINITY, 0]);
  });

  it('keeps weights outside the model: it runs beside its file, and is no model without it', async () => {
    const { bytes } = models.externalDataModel();
    const path = join(folder, 'external.onnx');
    await writeFile(path, bytes);
    await expect(load(bytes)).rejects.toThrow(/offset\.bin/);
    await writeFile(join(folder, 'offset.bin'), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
    const session = await Session.create(path);
    const results = await session.run({ x: new Tensor('float32', new Float32Array(4), [1, 4]) });
    expect([...(results['y']?.data ?? [])]).toEqual([1, 2, 3, 4]);
    await session.release();
    expect(() => readOnnxGraph(bytes)).toThrow(OnnxError);
  });
});
