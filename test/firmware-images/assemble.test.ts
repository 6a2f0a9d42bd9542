import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const assemble = fileURLToPath(new URL('../../../firmware-images/assemble.mjs', import.meta.url));
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-image-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => spawnSync(process.execPath, [assemble, ...args], { encoding: 'utf8' });

describe('the tree for a board', () => {
  it('runs the agent and loads its native parts without anything beside it', () => {
    const out = join(folder, 'here');
    expect(run('--arch', process.arch, '--out', out)).toMatchObject({ status: 0 });
    const node = (...args: readonly string[]) =>
      execFileSync(process.execPath, args, {
        cwd: join(out, 'agent'),
        env: { ORT_DISABLE_TELEMETRY: '1' },
        encoding: 'utf8',
      });
    expect(node('bellwether-agent.mjs', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(node('-e', "require('onnxruntime-node'); require('classic-level'); console.log('loaded')")).toBe('loaded\n');
  });

  it('holds native code of its own architecture only', () => {
    const out = join(folder, 'other');
    const arch = process.arch === 'arm64' ? 'x64' : 'arm64';
    expect(run('--arch', arch, '--out', out)).toMatchObject({ status: 0 });
    const inside = (path: string) => readdirSync(join(out, 'node_modules', path));
    expect(inside('onnxruntime-node/bin/napi-v6')).toEqual(['linux']);
    expect(inside('onnxruntime-node/bin/napi-v6/linux')).toEqual([arch]);
    expect(inside('classic-level/prebuilds')).toEqual([`linux-${arch}`]);
    expect(existsSync(join(out, 'node_modules/vitest'))).toBe(false);
  });

  it('is refused for an architecture that onnxruntime is not built for, and into a folder that is in use', () => {
    expect(run('--arch', 'arm', '--out', join(folder, 'arm'))).toMatchObject({ status: 2 });
    expect(run('--out', folder)).toMatchObject({ status: 2 });
  });
});
