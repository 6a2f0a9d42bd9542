import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '@bellwether/control-plane/database/database-sqlite';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { FleetDevice } from '../support/fleet-device.js';
import { bytesOf, windowOf } from '../support/telemetry-messages.js';

const program = new URL('../../../control-plane/dist/cli/main.js', import.meta.url).pathname;
const children: ChildProcess[] = [];
let folder = '';
let data = '';
let server: Started;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-data-'));
  data = join(folder, 'data');
  await initDevelopmentKeys(join(folder, 'keys'), ['digits'], Date.now());
  server = await startServer();
});
afterAll(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly httpUrl: string;
}

function spawnServer(uid?: number): ChildProcess {
  const ports = ['--http-port', '0', '--mqtt-port', '0', '--log-level', 'warn'];
  const words = [program, 'serve', '--json', '--data', data, '--keys', join(folder, 'keys', 'server'), ...ports];
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  children.push(child);
  return child;
}

async function startServer(): Promise<Started> {
  const child = spawnServer();
  if (child.stdout === null) throw new Error('no stdout');
  // The first line is all that it says, for programs.
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, httpUrl: (JSON.parse(line) as { httpUrl: string }).httpUrl };
}

/** What a server that cannot start says, and its exit code. */
async function refusalOf(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  return `${code}: ${said}`;
}

/** What it writes down, and what is there after a kill: one data folder, chapters in order. */
describe('a server', () => {
  it('keeps its data folder and its secrets for its owner alone', async () => {
    const mode = async (path: string) => ((await stat(join(data, path))).mode & 0o777).toString(8);
    expect(
      await Promise.all(['.', 'keys', 'operator.token', 'keys/issuer.key', 'keys/director.key'].map(mode)),
    ).toEqual(['700', '700', '600', '600', '600']);
  });

  it('that is killed right after it acknowledged a window has that window [W-6]', async () => {
    const { child, httpUrl } = server;
    const operatorToken = (await readFile(join(data, 'operator.token'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' };
    const reply = await fetch(`${httpUrl}/api/v1/tokens`, { method: 'POST', headers, body: '{}' });
    const device = new FleetDevice(() => httpUrl, 'pi');
    await device.enrol(((await reply.json()) as { token: string }).token);
    const client = await device.connect();
    const dead = once(child, 'exit');
    let acknowledged = 0;
    const sent = Array.from({ length: 200 }, (_, sequence) =>
      client
        .publishAsync(device.topic('window'), bytesOf(windowOf({ device: device.id, sequence })), { qos: 1 })
        .then(() => {
          acknowledged++;
          // In full flight: some are acknowledged, others are not.
          if (acknowledged === 50) child.kill('SIGKILL');
        }),
    );
    await dead;
    client.end(true);
    await Promise.allSettled(sent);
    const told = (await Promise.allSettled(sent)).flatMap(({ status }, sequence) =>
      status === 'fulfilled' ? [sequence] : [],
    );
    expect(told.length).toBeGreaterThanOrEqual(50);
    const database = await openDatabase(join(data, 'bellwether.sqlite'));
    const stored = new Set(database.sqlite.prepare('select sequence from windows').pluck().all());
    await database.close();
    expect(told.filter((sequence) => !stored.has(sequence))).toEqual([]);
  });

  it('that was killed leaves no lock behind, and its operator’s token opens it again', async () => {
    const token = await readFile(join(data, 'operator.token'), 'utf8');
    const { child, httpUrl } = await startServer();
    const headers = { authorization: `Bearer ${token.trim()}` };
    expect((await fetch(`${httpUrl}/api/v1/status`, { headers })).status).toBe(200);
    expect(await readFile(join(data, 'operator.token'), 'utf8')).toBe(token);
    const end = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await end).toEqual([0, null]);
  });

  it('says why it cannot start on a data folder that cannot be written', async () => {
    data = join(folder, 'other');
    await mkdir(data, { mode: 0o555 });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      // Modes do not bind root: the server runs as nobody.
      await chmod(folder, 0o755);
      await cp(join(folder, 'keys'), join(folder, 'readable'), { recursive: true });
    }
    const said = await refusalOf(spawnServer(isRoot ? 65_534 : undefined));
    expect(said).toMatch(/^1: /);
    expect(said).toContain('cannot be written');
  });
});
