import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { bytesOf, elementCount } from '@bellwether/shared/models/tensor-values';
import type { BareHello, BareOrder, Timings } from '../support/bare-session.js';
import { BenchProcess } from '../support/bench-process.js';
import { digitsFolder } from '../support/digits.js';
import { HttpConnection, writePost } from '../support/http-connection.js';
import type { LocalAddress } from '../support/local-http.js';
import { slowModel } from '../support/onnx-models.js';
import { floats } from '../support/release-folder.js';
import { RunnerWorld } from '../support/runner-world.js';
import type { ServingHello, ServingProcessSetup } from '../support/serving-process.js';
import { type Bench, type BenchOptions, type BenchResult, type Comparison, median, quantile } from './bench.js';

const bars = { addedMs: 0.5, throughput16: 0.9 };

/** A way to the model: the same call over one address, in one encoding. */
interface Path {
  readonly name: 'loopback JSON' | 'unix JSON' | 'unix binary';
  readonly address: LocalAddress;
  readonly request: Buffer;
}

/** One model's measurements: raw beside every path, p50 in ms and calls a second with 16 in flight, by block. */
interface Measured {
  readonly rawP50Ms: number;
  readonly rawPerSecond: number;
  readonly paths: ReadonlyMap<Path['name'], { readonly p50Ms: number; readonly perSecond: number }>;
}

interface Blocks {
  readonly count: number;
  readonly sequentialCalls: number;
  readonly concurrentCalls: number;
}

/** `session.run` alone against the same call through local API, serving and runner: three processes instead of one. */
export const bench: Bench = {
  name: 'overhead',
  title: 'what the agent adds to an inference',
  comparesWith: 'session.run in a bare process',
  run: runOverhead,
};

async function runOverhead(report: (line: string) => void, { isQuick }: BenchOptions): Promise<BenchResult> {
  const world = await RunnerWorld.create('digits', 'slow');
  try {
    const digits = await world.add(fileURLToPath(new URL('1.1.0', digitsFolder)));
    const slow = await addSlowModel(world);
    const blocks = (calls: number): Blocks => ({
      count: isQuick ? 1 : 3,
      sequentialCalls: isQuick ? Math.ceil(calls / 10) : calls,
      concurrentCalls: isQuick ? Math.ceil(calls / 10) : calls,
    });
    const digitsMeasured = await measureModel(world, digits, blocks(2000), report);
    const slowMeasured = await measureModel(world, slow, blocks(100), report);
    return resultOf(digitsMeasured, slowMeasured);
  } finally {
    await world.remove();
  }
}

async function addSlowModel(world: RunnerWorld): Promise<VerifiedModel> {
  const { bytes: graph, inputs, outputs } = slowModel(5);
  const vectors = [{ x: floats([1, 256], new Float32Array(256)) }];
  return world.addFixture({ model: 'slow', version: '1.0.0', graph, inputs, outputs, vectors });
}

/** Raw and paths take turns block by block, so that a busy minute of the machine falls on all of them. */
async function measureModel(
  world: RunnerWorld,
  model: VerifiedModel,
  blocks: Blocks,
  report: (line: string) => void,
): Promise<Measured> {
  const setup: ServingProcessSetup = {
    models: [model],
    trust: world.trust,
    socketPath: join(world.folder, 'agent.sock'),
    tokenFile: join(world.folder, 'token'),
  };
  const bare = await BenchProcess.start<BareHello>('bare-session.js', model);
  const serving = await BenchProcess.start<ServingHello>('serving-process.js', setup);
  try {
    const token = (await readFile(setup.tokenFile, 'utf8')).trim();
    const paths = pathsTo(model, setup.socketPath, { port: serving.hello.port, token });
    const raw: Timings[][] = [];
    const through = new Map<Path['name'], Timings[][]>(paths.map((path) => [path.name, []]));
    for (let block = 0; block <= blocks.count; block++) {
      const rawBlock = await measureBoth(blocks, (order) => bare.ask<Timings>(order));
      // The first block warms everything up.
      if (block > 0) raw.push(rawBlock);
      for (const path of paths) {
        const timings = await measureBoth(blocks, (order) => callThrough(path, order));
        if (block > 0) through.get(path.name)?.push(timings);
      }
      report(`  ${model.manifest.model}: block ${block} of ${blocks.count}`);
    }
    return {
      rawP50Ms: p50Ms(raw),
      rawPerSecond: perSecond(raw),
      paths: new Map([...through].map(([name, all]) => [name, { p50Ms: p50Ms(all), perSecond: perSecond(all) }])),
    };
  } finally {
    await bare.stop();
    await serving.stop();
  }
}

async function measureBoth(blocks: Blocks, measure: (order: BareOrder) => Promise<Timings>): Promise<Timings[]> {
  return [
    await measure({ calls: blocks.sequentialCalls, inFlight: 1 }),
    await measure({ calls: blocks.concurrentCalls, inFlight: 16 }),
  ];
}

async function callThrough({ address, request }: Path, { calls, inFlight }: BareOrder): Promise<Timings> {
  const connections = await Promise.all(Array.from({ length: inFlight }, () => HttpConnection.open(address)));
  const micros: number[] = [];
  let left = calls;
  const startedMs = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) {
        const sentMs = performance.now();
        await connection.exchange(request);
        micros.push((performance.now() - sentMs) * 1000);
      }
    }),
  );
  const totalMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
  return { micros, totalMs };
}

function pathsTo(
  { manifest }: VerifiedModel,
  socketPath: string,
  { port, token }: { readonly port: number; readonly token: string },
): Path[] {
  const inputs = manifest.inputs.filter((input) => input.role === 'app');
  const values = inputs.map(({ name, dtype, shape }) => {
    const fixed = shape.map((size) => (size === -1 ? 1 : size));
    return { input: { name, datatype: dtype, shape: fixed }, data: new Float32Array(elementCount(fixed)) };
  });
  const json = Buffer.from(
    JSON.stringify({ inputs: values.map(({ input, data }) => ({ ...input, data: [...data] })) }),
  );
  const head = Buffer.from(
    JSON.stringify({
      inputs: values.map(({ input, data }) => ({ ...input, parameters: { binary_data_size: data.byteLength } })),
      parameters: { binary_data_output: true },
    }),
  );
  const binary = Buffer.concat([head, ...values.map(({ data }) => bytesOf(data))]);
  const path = `/v2/models/${manifest.model}/infer`;
  const loopbackHeaders = { host: `127.0.0.1:${port}`, authorization: `Bearer ${token}` };
  return [
    { name: 'loopback JSON', address: { port }, request: writePost(path, json, loopbackHeaders) },
    { name: 'unix JSON', address: { socketPath }, request: writePost(path, json, {}) },
    {
      name: 'unix binary',
      address: { socketPath },
      request: writePost(path, binary, { 'inference-header-content-length': head.length }),
    },
  ];
}

/** Median over the blocks of the sequential p50. */
function p50Ms(blocks: readonly Timings[][]): number {
  return median(blocks.map(([sequential]) => quantile(sequential?.micros ?? [], 0.5))) / 1000;
}

function perSecond(blocks: readonly Timings[][]): number {
  return median(blocks.map((block) => ((block[1]?.micros.length ?? 0) * 1000) / (block[1]?.totalMs ?? Number.NaN)));
}

function resultOf(digits: Measured, slow: Measured): BenchResult {
  const binary = digits.paths.get('unix binary')?.p50Ms ?? Number.NaN;
  const added = binary - digits.rawP50Ms;
  const throughputRatio16 = (slow.paths.get('unix binary')?.perSecond ?? Number.NaN) / slow.rawPerSecond;
  const rows = (name: string, measured: Measured): Comparison[] =>
    [...measured.paths].flatMap(([path, { p50Ms: ours, perSecond: rate }]) => {
      const { rawP50Ms: theirs, rawPerSecond } = measured;
      return [
        { what: `${name}, ${path}: p50`, ours, theirs, unit: 'ms', ratio: ours / theirs },
        {
          what: `${name}, ${path}: 16 in flight`,
          ours: rate,
          theirs: rawPerSecond,
          unit: '/s',
          ratio: rate / rawPerSecond,
        },
      ];
    });
  return {
    figures: {
      rawP50Ms: digits.rawP50Ms,
      unixBinaryP50Ms: binary,
      addedP50Ms: added,
      throughputRatio16,
    },
    comparisons: [
      ...rows('digits', digits),
      ...rows('5 ms model', slow),
      {
        what: 'digits, unix binary, sequential: added at p50',
        ours: added,
        theirs: 0,
        unit: 'ms',
        ratio: null,
        bar: `≤ ${bars.addedMs} ms`,
        met: added <= bars.addedMs,
      },
      {
        what: '5 ms model, unix binary, 16 in flight: throughput',
        ours: slow.paths.get('unix binary')?.perSecond ?? null,
        theirs: slow.rawPerSecond,
        unit: '/s',
        ratio: throughputRatio16,
        bar: `≥ ${bars.throughput16} ×`,
        met: throughputRatio16 >= bars.throughput16,
      },
    ],
  };
}
