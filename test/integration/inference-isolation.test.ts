import { spawnSync } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIdentity } from '@bellwether/agent/identity/identity-disk';
import { checkConfinement } from '@bellwether/agent/inference/engine-process-spawn';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { ManualClock } from '../support/manual-clock.js';
import { identityModel } from '../support/onnx-models.js';
import { floats } from '../support/release-folder.js';
import { RunnerWorld, uncheckedRunner } from '../support/runner-world.js';

let world: RunnerWorld;
let versions = 0;

beforeAll(async () => {
  world = await RunnerWorld.create('m');
});
afterAll(() => world.remove());

const width = 1024;
/** A manual clock runs faster than a process: limits that are not meant are far away. */
const weekMs = 7 * 24 * 3_600_000;

function add(memoryMb = 1024): Promise<VerifiedModel> {
  const { bytes: graph, inputs, outputs } = identityModel(width);
  const vectors = [{ x: floats([1, width], new Float32Array(width)) }];
  const overrides = { budgets: { memoryMb, p99Ms: 1000 } };
  return world.addFixture({ model: 'm', version: `1.0.${++versions}`, graph, inputs, outputs, vectors, overrides });
}

function call(megabytes: number) {
  const rows = megabytes * 256;
  return { inputs: [{ name: 'x', dtype: 'FP32' as const, shape: [rows, width], data: new Uint8Array(rows * 4096) }] };
}

/** A user of nobody, in no table of users. */
const user = { uid: 64_123, gid: 64_124 };
const canConfine = await checkConfinement().then(
  () => true,
  () => false,
);

const field = (status: string, name: string): string[] =>
  new RegExp(`^${name}:[ \\t]+(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/).filter(Boolean) ?? [];

describe.skipIf(!canConfine)('a runner with a user of its own', () => {
  it('is that user in every thread, without groups, capabilities or a way to more', async () => {
    const { pid } = await world.start(await add(), { user });
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    expect(field(status, 'Uid')).toEqual(Array(4).fill(String(user.uid)));
    expect(field(status, 'Gid')).toEqual(Array(4).fill(String(user.gid)));
    expect(field(status, 'Groups')).toEqual([]);
    expect(Number(`0x${field(status, 'CapEff')[0]}`)).toBe(0);
    expect(Number(`0x${field(status, 'CapPrm')[0]}`)).toBe(0);
    expect(field(status, 'NoNewPrivs')).toEqual(['1']);
  });

  it('has no network but a loopback that is down', async () => {
    const { pid } = await world.start(await add(), { user });
    expect(await readlink(`/proc/${pid}/ns/net`)).not.toBe(await readlink('/proc/self/ns/net'));
    const devices = (await readFile(`/proc/${pid}/net/dev`, 'utf8')).match(/^\s*\w+:/gm)?.map((name) => name.trim());
    expect(devices).toEqual(['lo:']);
  });

  it('still has an empty environment, and answers', async () => {
    const runner = await world.start(await add(), { user });
    expect(await readFile(`/proc/${runner.pid}/environ`, 'utf8').catch(() => 'unreadable')).toBe('');
    expect((await runner.infer(call(1), 10_000)).outputs[0]?.data.byteLength).toBe(1024 * 1024);
  });

  it('cannot read the identity key', async () => {
    await openIdentity(join(world.folder, 'identity'), 'meadow');
    const key = join(world.folder, 'identity', 'device.key');
    const read = (as: { uid?: number; gid?: number }) => spawnSync('cat', [key], { ...as, encoding: 'utf8' });
    expect(read({}).stdout).toContain('seed');
    expect(read(user)).toMatchObject({ stdout: '', stderr: expect.stringMatching(/Permission denied/) as string });
  });

  it('is refused when it says that it has loaded and is still root', async () => {
    const model = await add();
    await expect(world.start(model, { user, script: uncheckedRunner })).rejects.toMatchObject({
      code: 'runner-refused',
      message: 'the runner has the user ids 0, 0, 0, 0 instead of 64123',
    });
  });
});

describe('a runner that takes more than twice its budget of memory', () => {
  it('is killed while it loads, and the release is refused for now', async () => {
    const clock = new ManualClock();
    const starting = world.start(await add(8), { script: uncheckedRunner, clock, loadLimitMs: weekMs });
    const outcome = starting.then(
      () => 'started',
      (error: unknown) => error,
    );
    await untilSettled(outcome, clock);
    // Whoever is first: the watch over the process, or its own probe.
    expect(await outcome).toMatchObject({ code: 'memory' });
  });

  it('is killed while it serves; the call fails, and the exit says why', async () => {
    const clock = new ManualClock();
    const runner = await world.start(await add(160), { clock });
    const answer = runner.infer(call(400), weekMs).then(
      () => 'answered',
      (error: unknown) => error,
    );
    await untilSettled(runner.exited, clock);
    expect(await answer).toMatchObject({
      code: 'runner-died',
      message: expect.stringMatching(/its limit is 320 MB/) as string,
    });
    expect(await runner.exited).toMatchObject({ asked: false, signal: 'SIGKILL', why: expect.any(String) as string });
  });

  it('is let alone below it', async () => {
    const clock = new ManualClock();
    const runner = await world.start(await add(), { clock });
    await clock.advance(10_000);
    expect((await runner.infer(call(8), 10_000)).outputs).toHaveLength(1);
    await runner.stop();
    expect(clock.pending).toEqual([]);
  });
});

describe('runners', () => {
  it('go before the agent when the kernel is short of memory', async () => {
    const { pid } = await world.start(await add());
    expect(Number(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8'))).toBe(500);
  });
});

/** Lets half a second of the clock pass again and again: a process's memory is looked at that often. */
async function untilSettled(end: Promise<unknown>, clock: ManualClock): Promise<void> {
  const over = new AbortController();
  void end.then(() => over.abort());
  while (!over.signal.aborted) {
    await clock.advance(500);
    await new Promise(setImmediate);
  }
}
