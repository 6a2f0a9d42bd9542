import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runner, Tensor } from '@bellwether/agent/inference/engine';
import { yieldArgument } from '@bellwether/agent/inference/runner-priority-os';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { refusalKinds } from '@bellwether/shared/contract/refusal';
import { codeOf } from '@bellwether/shared/errors';
import type { ReleaseSource } from '@bellwether/shared/models/manifest';
import { bytesOf, valuesOf } from '@bellwether/shared/models/tensor-values';
import { BenchProcess } from '../support/bench-process.js';
import { digitOf, digitsFolder, imageOf, readSplit } from '../support/digits.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  externalDataModel,
  hangingModel,
  identityModel,
  int4OutputModel,
  type ModelFixture,
  mlpModel,
  nanModel,
  slowModel,
} from '../support/onnx-models.js';
import { childrenOf } from '../support/process-children.js';
import { floats, writeReleaseFolder } from '../support/release-folder.js';
import { RunnerWorld, uncheckedRunner } from '../support/runner-world.js';
import { sileroFrame, sileroSound, vowel, writeSileroRelease } from '../support/silero.js';

let world: RunnerWorld;
let versions = 0;

beforeAll(async () => {
  world = await RunnerWorld.create('digits', 'm', 'silero');
});
afterAll(() => world.remove());

function tensor(name: string, shape: readonly number[], values: readonly number[]): Tensor {
  return { name, dtype: 'FP32', shape, data: bytesOf(Float32Array.from(values)) };
}

function numbers(outputs: readonly Tensor[], name: string): number[] {
  const output = outputs.find((each) => each.name === name);
  if (output === undefined) throw new Error(`no output ${name}`);
  return Array.from(valuesOf(output), Number);
}

/** Signs and adds a model of `test/support/onnx-models.ts` with one golden vector. */
function add(model: ModelFixture, shape: number[], overrides: Partial<ReleaseSource> = {}): Promise<VerifiedModel> {
  const { bytes: graph, inputs, outputs } = model;
  const vectors = [{ x: floats(shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(1)) }];
  return world.addFixture({ model: 'm', version: `1.0.${++versions}`, graph, inputs, outputs, vectors, overrides });
}

/** Makes a good release, then spoils a file of it before it is signed. */
async function addSpoiled(spoil: (folder: string) => Promise<void>): Promise<VerifiedModel> {
  const { bytes: graph, inputs, outputs } = identityModel();
  const vectors = [{ x: floats([1, 4], [1, 2, 3, 4]) }];
  const version = `1.0.${++versions}`;
  const folder = join(world.folder, version);
  await writeReleaseFolder(folder, { model: 'm', version, graph, inputs, outputs, vectors });
  await spoil(folder);
  return world.add(folder);
}

/** Puts a graph and its tensors into a release whose golden vectors were made without running it. */
async function putGraph(folder: string, { bytes, inputs, outputs }: ModelFixture): Promise<void> {
  await writeFile(join(folder, 'model.onnx'), bytes);
  const source = JSON.parse(await readFile(join(folder, 'release.yaml'), 'utf8')) as object;
  await writeFile(join(folder, 'release.yaml'), JSON.stringify({ ...source, inputs, outputs }));
}

async function argumentsOf(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
}

/** Nice values of all threads of a process, each once. */
async function prioritiesOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  return [...new Set(threads.map((thread) => getPriority(Number(thread))))];
}

describe.skipIf(process.getuid?.() !== 0)('a process that yields', () => {
  /** Its threads' nice values before, while it yields, and after. */
  const script = (becomes: string) => `
    import { readdirSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { yieldProcessor } from '@bellwether/agent/inference/runner-priority-os';
    ${becomes}
    const told = [];
    const tell = () => told.push([...new Set(readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread))))]);
    tell();
    const takeBack = yieldProcessor();
    tell();
    takeBack();
    tell();
    console.log(JSON.stringify(told));`;
  const nobody = 'process.setgid(64124); process.setuid(64123);';

  it.each([
    ['comes back by the right of root', '', [0, 19, 0]],
    ['does not begin to where it could not come back', nobody, [0, 0, 0]],
  ])('%s', async (_, becomes, expected) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script(becomes)]);
    expect(JSON.parse(stdout)).toEqual(expected.map((priority) => [priority]));
  });
});

describe('a runner', () => {
  it('verifies, loads and serves a signed release, its head fed from the release', async () => {
    const model = await world.add(fileURLToPath(new URL('1.1.0', digitsFolder)));
    const runner = await world.start(model);
    expect(runner.probe.goldenVectors).toBeGreaterThan(0);
    expect(runner.probe.p99Micros).toBeGreaterThan(0);
    // It yielded while it loaded; none of its threads does now.
    expect(await argumentsOf(runner.pid)).toContain(yieldArgument);
    expect(await prioritiesOf(runner.pid)).toEqual([getPriority()]);
    const stream = readSplit('stream');
    let right = 0;
    for (let i = 0; i < 100; i++) {
      const { outputs, computeMicros } = await runner.infer(
        { inputs: [tensor('image', [1, 1, 28, 28], [...imageOf(stream, i)])] },
        10_000,
      );
      expect(outputs.map((output) => output.name)).toEqual(['logits']);
      expect(computeMicros).toBeGreaterThan(0);
      if (digitOf(numbers(outputs, 'logits')) === stream.labels[i]) right++;
    }
    expect(right).toBeGreaterThan(90);
    expect(runner.usage().rssBytes).toBeGreaterThan(1024 * 1024);
    await runner.stop();
    expect(await runner.exited).toEqual({ asked: true, code: null, signal: 'SIGTERM' });
    expect(runner.usage().rssBytes).toBeGreaterThan(1024 * 1024);
  });

  it('has an empty environment, and of descriptors from outside only its link and stderr', async () => {
    const runner = await world.start(await add(identityModel(), [1, 4]));
    expect(await readFile(`/proc/${runner.pid}/environ`, 'utf8')).toBe('');
    const links = await Promise.all(
      (await readdir(`/proc/${runner.pid}/fd`)).map(async (fd) => [
        fd,
        await readlink(`/proc/${runner.pid}/fd/${fd}`).catch(() => 'gone'),
      ]),
    );
    const sockets = links.filter(([, target]) => target?.startsWith('socket:')).map(([fd]) => Number(fd));
    expect(sockets.toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(links.filter(([, target]) => target?.startsWith('/') && target !== '/dev/null')).toEqual([]);
  });

  it('keeps the state of a model per key, and forgets it on a reset', async () => {
    const runner = await world.start(await world.add(await writeSileroRelease(join(world.folder, 'v5'), '5.0.0')));
    const frame = sileroFrame['5.0.0'];
    const inputs: Tensor[] = [
      { name: 'input', dtype: 'FP32', shape: [1, frame], data: bytesOf(sileroSound(vowel, frame, 1)) },
      { name: 'sr', dtype: 'INT64', shape: [], data: bytesOf(BigInt64Array.of(16_000n)) },
    ];
    const speech = async (stateKey: string, reset = false): Promise<number> => {
      const { outputs } = await runner.infer({ inputs, stateKey, reset }, 10_000);
      return numbers(outputs, 'output')[0] ?? Number.NaN;
    };
    const fresh = await speech('a');
    const continued = await speech('a');
    expect(continued).not.toBe(fresh);
    expect(await speech('b')).toBe(fresh);
    expect(await speech('a', true)).toBe(fresh);
  });

  it('passes numbers on that are not finite: telemetry calls them invalid', async () => {
    const runner = await world.start(await add(nanModel(), [1, 1]));
    const { outputs } = await runner.infer({ inputs: [tensor('x', [2, 1], [-1, 0])] }, 10_000);
    expect(numbers(outputs, 'y')).toEqual([Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  it('survives a call that onnxruntime refuses', async () => {
    const runner = await world.start(await add(identityModel(), [1, 4]));
    const wrong = runner.infer({ inputs: [tensor('x', [1, 3], [1, 2, 3])] }, 10_000);
    await expect(wrong).rejects.toMatchObject({ code: 'engine' });
    const { outputs } = await runner.infer({ inputs: [tensor('x', [1, 4], [1, 2, 3, 4])] }, 10_000);
    expect(numbers(outputs, 'y')).toEqual([1, 2, 3, 4]);
  });

  it('takes tensors of half a megabyte', async () => {
    const runner = await world.start(await add(identityModel(1024), [1, 1024]));
    const values = Array.from({ length: 128 * 1024 }, (_, i) => i);
    const { outputs } = await runner.infer({ inputs: [tensor('x', [128, 1024], values)] }, 10_000);
    expect(numbers(outputs, 'y')).toEqual(values);
  });
});

describe('a runner that goes', () => {
  /** A model that computes for ever on 1e15, and at once on anything small. */
  async function startHanging(): Promise<Runner> {
    return world.start(await add(hangingModel(), [1, 1]));
  }
  const forever = { inputs: [tensor('x', [1, 1], [1e15])] };

  it('is cut off at the deadline of a call that hangs', async () => {
    const runner = await startHanging();
    await expect(runner.infer(forever, 200)).rejects.toMatchObject({ code: 'deadline' });
    expect(await runner.exited).toEqual({ asked: false, code: null, signal: 'SIGKILL' });
  });

  it('fails the call that it was executing when it is killed', async () => {
    const runner = await startHanging();
    const call = runner.infer(forever, 20_000);
    process.kill(runner.pid, 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'runner-died' });
    expect(await runner.exited).toMatchObject({ asked: false, signal: 'SIGKILL' });
    await expect(runner.infer(forever, 20_000)).rejects.toMatchObject({ code: 'runner-died' });
  });

  it('is stopped in the middle of a call, and by SIGKILL if it must be', async () => {
    const runner = await startHanging();
    const call = runner.infer(forever, 20_000).catch(codeOf);
    await Promise.all([runner.stop(), runner.stop()]);
    expect(await call).toBe('stopped');
    expect(await runner.exited).toMatchObject({ asked: true });
  });

  it('ends by itself when its parent is killed', async () => {
    const model = await add(identityModel(), [1, 4]);
    const socketPath = join(world.folder, 'parent.sock');
    const setup = { models: [model], trust: world.trust, socketPath, tokenFile: join(world.folder, 'parent.token') };
    const parent = await BenchProcess.start('serving-process.js', setup);
    const [runner = 0] = childrenOf(parent.pid);
    expect(runner).toBeGreaterThan(0);
    process.kill(parent.pid, 'SIGKILL');
    while (await isRunning(runner)) await new Promise(setImmediate);
  });

  it('takes nobody with it when a model with int4 outputs slips through and aborts the process', async () => {
    const model = await addSpoiled((folder) => putGraph(folder, int4OutputModel()));
    const runner = await world.start(model, { script: uncheckedRunner });
    const other = await world.start(await add(identityModel(), [1, 4]));
    const call = runner.infer({ inputs: [tensor('x', [4], [1, 2, 3, 4])] }, 10_000);
    await expect(call).rejects.toMatchObject({ code: 'runner-died' });
    expect(await runner.exited).toMatchObject({ signal: 'SIGABRT' });
    const { outputs } = await other.infer({ inputs: [tensor('x', [1, 4], [1, 2, 3, 4])] }, 10_000);
    expect(numbers(outputs, 'y')).toEqual([1, 2, 3, 4]);
  });
});

describe('a runner refuses', () => {
  it.each<[string, string, (folder: string) => Promise<void>]>([
    ['dtype', 'onnx:22', (folder) => putGraph(folder, int4OutputModel())],
    ['graph', 'lie outside the file', (folder) => putGraph(folder, externalDataModel())],
    [
      'graph',
      'output z FP32[-1,4] is missing',
      (folder) => {
        const { bytes, inputs } = identityModel();
        return putGraph(folder, {
          bytes,
          inputs,
          outputs: [{ name: 'z', dtype: 'FP32', shape: [-1, 4], role: 'app' }],
        });
      },
    ],
    ['graph', 'no ONNX', (folder) => writeFile(join(folder, 'model.onnx'), 'this is no model')],
    ['load', 'onnxruntime', async (folder) => writeFile(join(folder, 'model.onnx'), await withUnknownOperator(folder))],
    ['golden', 'y[0] is 1 instead of 2', (folder) => putGolden(folder, [2, 2, 3, 4])],
    ['golden', 'invalid output name: q', (folder) => putGolden(folder, [1, 2, 3, 4], 'q')],
    ['runner-refused', 'golden vectors', (folder) => writeFile(join(folder, 'golden.json'), '{}')],
  ])('%s: %s', async (code, message, spoil) => {
    const refused = world.start(await addSpoiled(spoil));
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it('latency: a model that is slower than its budget', async () => {
    const model = await add(slowModel(2), [1, 256], { budgets: { memoryMb: 1024, p99Ms: 0.01 } });
    await expect(world.start(model)).rejects.toMatchObject({ code: 'latency' });
  });

  it('memory: a model that takes more than its budget', async () => {
    const model = await add(mlpModel([256, 256]), [1, 256], { budgets: { memoryMb: 1, p99Ms: 1000 } });
    await expect(world.start(model)).rejects.toMatchObject({ code: 'memory' });
  });

  it('runner-refused: a release that nobody listed', async () => {
    const model = await add(identityModel(), [1, 4]);
    const unlisted = { ...model, manifest: { ...model.manifest, version: '9.9.9' } } as VerifiedModel;
    await expect(world.start(unlisted)).rejects.toMatchObject({
      code: 'runner-refused',
      message: expect.stringContaining('not-listed') as string,
    });
  });

  it('runner-refused: a file that changed after the main process looked at it', async () => {
    const model = await add(identityModel(), [1, 4]);
    const { sha256 = '' } = model.manifest.files['model.onnx'] ?? {};
    const path = join(model.blobFolder, sha256);
    const bytes = await readFile(path);
    await writeFile(
      path,
      bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
    );
    await expect(world.start(model)).rejects.toMatchObject({ code: 'runner-refused' });
    await writeFile(path, Buffer.concat([bytes, Buffer.from('more')]));
    await expect(world.start(model)).rejects.toMatchObject({ code: 'runner-refused' });
    await writeFile(path, bytes);
    await expect(world.start(model)).resolves.toBeDefined();
  });

  it('probe-timeout: a release that is not ready in time', async () => {
    const model = await add(identityModel(), [1, 4]);
    await expect(world.start(model, { loadLimitMs: 1 })).rejects.toMatchObject({ code: 'probe-timeout' });
  });

  it('probe-died: a process that ends while it probes', async () => {
    const model = await add(identityModel(), [1, 4]);
    const script = new URL('nowhere.js', import.meta.url);
    await expect(world.start(model, { script })).rejects.toMatchObject({ code: 'probe-died' });
  });

  it('runner-spawn: the system gives no process, and that may pass', async () => {
    const model = await add(identityModel(), [1, 4]);
    await expect(world.start(model, { nodePath: '/no/such/node' })).rejects.toMatchObject({ code: 'runner-spawn' });
    expect(refusalKinds['runner-spawn']).toBe('passing');
  });

  it('its yielding, when calls wait for it', async () => {
    const model = await add(identityModel(), [1, 4]);
    const { signal } = new AbortController();
    const runner = await world.engine().start(model, world.trust, signal, true);
    expect(await argumentsOf(runner.pid)).not.toContain(yieldArgument);
    await runner.stop();
  });

  it('nothing, but stops, when it is aborted', async () => {
    const model = await add(identityModel(), [1, 4]);
    const abort = new AbortController();
    const started = world.engine().start(model, world.trust, abort.signal);
    abort.abort();
    await expect(started).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a spare', () => {
  it('waits after a start, is taken by the next one, ends with the engine, and does not come again', async () => {
    const model = await add(identityModel(), [1, 4]);
    const clock = new ManualClock();
    const engine = world.engine({ spare: true, clock });
    const { signal } = new AbortController();
    const earlier = childrenOf(process.pid);
    // Those of the tests before may end meanwhile.
    const own = () => childrenOf(process.pid).filter((pid) => !earlier.includes(pid));
    const first = await engine.start(model, world.trust, signal);
    await clock.advance(5_000);
    const [spare] = own().filter((pid) => pid !== first.pid);
    const second = await engine.start(model, world.trust, signal);
    expect(second.pid).toBe(spare);
    await clock.advance(5_000);
    await Promise.all([first.stop(), second.stop(), engine.stop()]);
    expect(own()).toEqual([]);
    const late = await engine.start(model, world.trust, signal);
    await clock.advance(5_000);
    await late.stop();
    expect(own()).toEqual([]);
  });
});

/** False when the process has ended, reaped or not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !stat.includes(') Z');
}

/** A model of an operator that no onnxruntime has. */
async function withUnknownOperator(folder: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, 'model.onnx'), 'latin1');
  return Buffer.from(bytes.replace('Identity', 'Identitx'), 'latin1');
}

async function putGolden(folder: string, values: number[], name = 'y'): Promise<void> {
  const x = floats([1, 4], [1, 2, 3, 4]);
  const golden = { vectors: [{ inputs: { x }, outputs: { [name]: floats([1, 4], values) } }] };
  await writeFile(join(folder, 'golden.json'), JSON.stringify(golden));
}
