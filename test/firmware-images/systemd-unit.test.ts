import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = (name: string) => fileURLToPath(new URL(`../../../agent/systemd/${name}`, import.meta.url));
const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
const canAnalyze = analyze('--version').status === 0;
const name = 'bellwether-agent.service';

let root = '';

/** The unit as it lies in an image, as systemd reads it with `--root`. */
async function install(withRunnerUser: boolean): Promise<string> {
  const image = join(root, withRunnerUser ? 'runner-user' : 'plain');
  const units = join(image, 'usr/lib/systemd/system');
  await mkdir(join(units, `${name}.d`), { recursive: true });
  await copyFile(source(name), join(units, name));
  if (withRunnerUser) await copyFile(source('runner-user.conf'), join(units, `${name}.d`, 'runner-user.conf'));
  return image;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bellwether-unit-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe.skipIf(!canAnalyze)('the systemd unit', () => {
  // 0 is a sealed box, 10 is no protection at all; the network alone is 0.8.
  it.each([
    { withRunnerUser: false, exposureTenths: 18 },
    { withRunnerUser: true, exposureTenths: 30 },
  ])('is understood and hardened, runner user: $withRunnerUser', async ({ withRunnerUser, exposureTenths }) => {
    const image = await install(withRunnerUser);
    const { stderr } = analyze('verify', `--root=${image}`, name);
    expect(stderr).not.toMatch(/unknown|ignoring|failed to parse/i);
    const limits = ['--offline=yes', `--threshold=${exposureTenths}`];
    const { status, stdout } = analyze('security', ...limits, `--root=${image}`, name);
    expect({ status, stdout }).toMatchObject({ status: 0 });
  });
});
