import { chmod, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf } from '@bellwether/shared/models/tensor-values';
import { identityModel } from '../support/onnx-models.js';
import { floats } from '../support/release-folder.js';
import { RunnerWorld } from '../support/runner-world.js';

let world: RunnerWorld;

beforeAll(async () => {
  world = await RunnerWorld.create('m');
});
afterAll(() => world.remove());

it('lets onnxruntime write nothing and connect to nobody, although it has a home and is no CI', async () => {
  const home = join(world.folder, 'home');
  await mkdir(home);
  const { bytes: graph, inputs, outputs } = identityModel();
  const vectors = [{ x: floats([1, 4], [1, 2, 3, 4]) }];
  const model = await world.addFixture({ model: 'm', version: '1.0.0', graph, inputs, outputs, vectors });
  // A runner's environment is empty; here it gets a home, so that it could write if it wanted to.
  const node = join(world.folder, 'node-with-home');
  await writeFile(node, `#!/bin/sh\nHOME='${home}' exec '${process.execPath}' "$@"\n`);
  await chmod(node, 0o755);
  const runner = await world.start(model, { nodePath: node });
  const x = { name: 'x', dtype: 'FP32', shape: [1, 4], data: bytesOf(Float32Array.of(1, 2, 3, 4)) } as const;
  for (let i = 0; i < 100; i++) await runner.infer({ inputs: [x] }, 10_000);
  expect(await socketsOf(runner.pid)).toEqual(['2', '3']);
  await runner.stop();
  expect(await readdir(home, { recursive: true })).toEqual([]);
});

/** The descriptors of a process that are sockets: stderr and the link to its parent are. */
async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder);
  const targets = await Promise.all(descriptors.map((fd) => readlink(join(folder, fd)).catch(() => 'closed')));
  return descriptors.filter((_, i) => targets[i]?.startsWith('socket:')).sort();
}
