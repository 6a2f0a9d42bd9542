import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProcess } from '../support/agent-process.js';
import { SignedRepository } from '../support/signed-repository.js';

/** systemd's side of the socket: a datagram socket with a path, which Node does not have. A line for each message. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().strip(), flush=True)
`;
const canListen = ['python3', 'systemd-notify'].every(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
);

let folder: string;
let systemd: ChildProcess;
let agent: AgentProcess | undefined;
const told: string[] = [];

beforeEach(async () => {
  if (!canListen) return;
  folder = await mkdtemp(join(tmpdir(), 'bellwether-systemd-'));
  const socket = join(folder, 'notify');
  systemd = spawn('python3', ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (systemd.stdout === null) throw new Error('no stdout');
  createInterface(systemd.stdout).on('line', (line) => told.push(line));
  await expectTold('bound');
  process.env['NOTIFY_SOCKET'] = socket;
  process.env['WATCHDOG_USEC'] = '200000';
});

afterEach(async () => {
  if (!canListen) return;
  delete process.env['NOTIFY_SOCKET'];
  delete process.env['WATCHDOG_USEC'];
  agent?.kill('SIGKILL');
  await agent?.ended;
  systemd.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function expectTold(...messages: readonly string[]): Promise<void> {
  await expect.poll(() => told, { timeout: 20_000 }).toEqual(expect.arrayContaining([...messages]));
}

describe.skipIf(!canListen)('systemd', () => {
  it('is told when the agent is ready, that it lives, and when it stops', async () => {
    const { rootFile } = await SignedRepository.create(join(folder, 'plane'), ['digits']);
    const settings = { server: { url: 'http://127.0.0.1:9' }, root: { file: rootFile }, joinToken: 'a'.repeat(20) };
    agent = await AgentProcess.start(folder, settings);
    expect((await agent.get('/v2/health/live')).status).toBe(200);
    await expectTold('READY=1', 'WATCHDOG=1');
    expect(await agent.stop()).toEqual({ code: 0, signal: null });
    await expectTold('STOPPING=1');
  });
});
