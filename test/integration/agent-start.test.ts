import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentProcess, runAgentCommand, writeConfig } from '../support/agent-process.js';
import { SignedRepository } from '../support/signed-repository.js';
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

/** A state folder that an agent has made and left, to be copied. */
let origin: string;
let folder: string;
let settings: Record<string, unknown>;
let agent: AgentProcess | undefined;
let disk: SmallDisk | undefined;

beforeAll(async () => {
  origin = await mkdtemp(join(tmpdir(), 'bellwether-agent-origin-'));
  const { rootFile } = await SignedRepository.create(join(origin, 'plane'), ['digits']);
  // Nobody listens there: an agent must start without its server.
  settings = { server: { url: 'http://127.0.0.1:9' }, root: { file: rootFile }, joinToken: 'a'.repeat(20) };
  await (await AgentProcess.start(origin, settings)).stop();
});
afterAll(() => rm(origin, { recursive: true, force: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-agent-'));
});

afterEach(async () => {
  agent?.kill('SIGKILL');
  await agent?.ended;
  agent = undefined;
  disk?.remove();
  disk = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Starts an agent that must fail, and answers what it said. */
async function failToStart(changes: Record<string, unknown> = {}) {
  return runAgentCommand(['run', '--config', await writeConfig(folder, { ...settings, ...changes })]);
}

describe('an agent without a server', () => {
  it('starts, says who it is, and ends with 0 when it is asked to', async () => {
    agent = await AgentProcess.start(folder, settings);
    const live = await agent.get('/v2/health/live');
    expect(live.status).toBe(200);
    expect((await agent.get('/v2/health/ready')).status).not.toBe(200);
    const status = await agent.status();
    expect(status).toMatchObject({
      stage: 'production',
      development: false,
      connected: false,
      observed: null,
      models: [],
    });
    expect(status.device).toBe(`meadow-${status.fingerprint.slice(0, 16)}`);
    expect(await agent.stop()).toEqual({ code: 0, signal: null });
    expect(await readdir(join(folder, 'state'))).not.toContain('agent.lock');
  });

  it('keeps its identity over a restart', async () => {
    agent = await AgentProcess.start(folder, settings);
    const { fingerprint } = await agent.status();
    agent.kill('SIGKILL');
    await agent.ended;
    agent = await AgentProcess.start(folder, settings);
    expect((await agent.status()).fingerprint).toBe(fingerprint);
  });

  it('answers bellwether-agent status, for people and for programs', async () => {
    agent = await AgentProcess.start(folder, settings);
    const config = join(folder, 'agent.yaml');
    const { fingerprint } = await agent.status();
    const people = await runAgentCommand(['status', '--config', config]);
    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toContain(fingerprint);
    expect(people.stdout).toContain('not connected');
    const program = await runAgentCommand(['status', '--config', config, '--json']);
    expect(JSON.parse(program.stdout)).toMatchObject({ fingerprint, state: 'converged' });
  });
});

describe('bellwether-agent', () => {
  it('helps', async () => {
    const { code, stdout } = await runAgentCommand(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/run[^]*status/);
  });

  it('ends with 2 on wrong use', async () => {
    const { code, stderr } = await runAgentCommand(['dance']);
    expect(code).toBe(2);
    expect(stderr).toContain('dance');
  });

  it('says when no agent answers', async () => {
    const { code, stderr } = await runAgentCommand(['status', '--socket', join(folder, 'nobody.sock')]);
    expect(code).toBe(1);
    expect(stderr).toContain('agent-unreachable');
  });

  it('refuses a configuration by its field, with 2', async () => {
    const { code, stderr } = await failToStart({ windowSecond: 5 });
    expect(code).toBe(2);
    expect(stderr).toContain('config-invalid');
    expect(stderr).toContain('windowSecond');
  });

  it('refuses a configuration that it cannot read, with 2', async () => {
    const { code, stderr } = await runAgentCommand(['run', '--config', join(folder, 'nothing.yaml')]);
    expect(code).toBe(2);
    expect(stderr).toContain('config-unreadable');
  });
});

describe('a state folder', () => {
  it('belongs to one agent: the second one is told so and changes nothing', async () => {
    agent = await AgentProcess.start(folder, settings);
    const second = await failToStart();
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('state-locked');
    expect(second.stderr).toContain(String(agent.pid));
    expect((await agent.status()).connected).toBe(false);
  });

  it('is taken over from an agent that was killed', async () => {
    agent = await AgentProcess.start(folder, settings);
    agent.kill('SIGKILL');
    await agent.ended;
    expect(await readdir(join(folder, 'state'))).toContain('agent.lock');
    agent = await AgentProcess.start(folder, settings);
  });

  it('is taken over when the process id of a dead agent is somebody else now', async () => {
    await mkdir(join(folder, 'state'));
    await symlink(`${process.pid}:1:boot`, join(folder, 'state', 'agent.lock'));
    agent = await AgentProcess.start(folder, settings);
  });

  it.each([
    ['the installs', 'installs.json'],
    ['the trust', 'trust/trust.json'],
    ['the key', 'identity/device.key'],
    ['the enrolment', 'identity/enrolment.json'],
  ])('with %s corrupt is refused and left as it is: state-corrupt', async (_what, name) => {
    await cp(join(origin, 'state'), join(folder, 'state'), { recursive: true });
    const path = join(folder, 'state', name);
    const damaged = randomBytes(100);
    await writeFile(path, damaged);
    const { code, stderr } = await failToStart();
    expect(code).toBe(1);
    expect(stderr).toContain('state-corrupt');
    expect(await readFile(path)).toEqual(damaged);
  });

  it('with a damaged outbox is used all the same: it is set right, and the loss is counted', async () => {
    await cp(join(origin, 'state'), join(folder, 'state'), { recursive: true });
    await writeFile(join(folder, 'state', 'outbox', 'CURRENT'), randomBytes(100));
    agent = await AgentProcess.start(folder, settings);
    expect(agent.lines.map(({ msg }) => msg)).toContain('the outbox is damaged; repairing it');
    const { waiting, lostWindows } = (await agent.status()).outbox;
    expect(waiting + lostWindows).toBeGreaterThan(0);
  });

  it.skipIf(!canMount)('that is read-only is refused: state-read-only', async () => {
    disk = mountSmallDisk(join(folder, 'state'), 1024);
    disk.makeReadOnly();
    const { code, stderr } = await failToStart();
    expect(code).toBe(1);
    expect(stderr).toContain('state-read-only');
  });

  it.skipIf(!canMount)('that is full is refused: state-full', async () => {
    disk = mountSmallDisk(join(folder, 'state'), 64);
    await writeFile(join(disk.folder, 'ballast'), randomBytes(64 * 1024));
    const { code, stderr } = await failToStart();
    expect(code).toBe(1);
    expect(stderr).toContain('state-full');
  });
});

describe('an address that is taken', () => {
  it('is said, for the socket: address-in-use', async () => {
    agent = await AgentProcess.start(folder, settings);
    const { code, stderr } = await failToStart({
      stateFolder: join(folder, 'other'),
      localApi: { socketPath: agent.socketPath },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('address-in-use');
    expect((await agent.get('/v2/health/live')).status).toBe(200);
  });

  it('is said, for the loopback port: address-in-use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const address = other.address();
    const loopbackPort = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await failToStart({ localApi: { loopbackPort } });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain('address-in-use');
    expect(stderr).toContain(String(loopbackPort));
  });
});
