import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bellwether = fileURLToPath(new URL('../../../control-plane/dist/cli/main.js', import.meta.url));
const digits = fileURLToPath(new URL('../../../examples/digits/', import.meta.url));

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command bellwether', () => {
  let folder = '';
  let server: ChildProcess;
  let environment: NodeJS.ProcessEnv = {};

  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, [bellwether, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: 'pipe',
    });
  const run = async (args: readonly string[], env = environment): Promise<Outcome> => {
    const child = start(args, env);
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number]>,
    ]);
    return { exitCode, stdout, stderr };
  };
  const runJson = async (args: readonly string[]): Promise<unknown> => {
    const { exitCode, stdout, stderr } = await run([...args, '--json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-cli-'));
    await run(['keys', 'init', '--dev', '--out', 'keys', '--family', 'digits']);
    const serve = start([
      'serve',
      '--keys',
      'keys/server',
      '--http-port',
      '0',
      '--mqtt-port',
      '0',
      '--log-level',
      'error',
    ]);
    server = serve;
    serve.stderr.pipe(process.stderr);
    for await (const line of createInterface(serve.stdout)) {
      const url = /^console +(http:\S+)$/.exec(line)?.[1];
      if (url === undefined) continue;
      environment = { BELLWETHER_SERVER: url, BELLWETHER_TOKEN_FILE: 'bellwether-data/operator.token' };
      break;
    }
  });
  afterAll(async () => {
    const isEnded = server.exitCode !== null || server.signalCode !== null;
    const ended = isEnded ? undefined : once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });

  it('explains itself, and exits with 0', async () => {
    const helps = await Promise.all(
      [[], ['release'], ['rollout', 'create'], ['serve']].map((verb) => run([...verb, '--help'])),
    );
    expect(helps.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(helps.map(() => [0, '']));
    expect(helps[0]?.stdout).toContain('release');
    expect(helps[2]?.stdout).toContain('--to <target>');
    expect(helps[3]?.stdout).toContain('(default: 8080)');
  });

  it.each([[[]], [['device', 'list', '--nonsense']], [['device', 'list', '--server', 'ftp://x']]])(
    'exits with 2 when it is called as %j',
    async (args) => {
      const { exitCode, stdout, stderr } = await run(args);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).not.toBe('');
    },
  );

  it('ends quietly when its reader has seen enough', async () => {
    const child = start(['release', 'list'], environment);
    child.stdout.destroy();
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>]);
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('publishes, approves, lists and shows a release', async () => {
    const publish = ['release', 'publish', `${digits}1.0.0`, '--key', 'keys/publisher.key'];
    expect(await runJson(publish)).toMatchObject({
      release: 'digits@1.0.0',
      change: { role: 'staging-digits', isNew: true },
    });
    const approval = await run(['release', 'approve', 'digits@1.0.0', '--key', 'keys/approver.key']);
    expect(approval.exitCode).toBe(0);
    expect(approval.stdout).toContain('digits@1.0.0 is listed in production.');
    expect(approval.stderr).toContain('model.onnx');
    expect(await runJson(['release', 'list'])).toMatchObject([{ release: 'digits@1.0.0', production: true }]);
    expect((await run(['release', 'list'])).stdout).toMatch(/^digits@1\.0\.0 +production/m);
    expect(await runJson(['release', 'show', 'digits@1.0.0'])).toMatchObject({ files: 6 });
    expect((await run(['release', 'show', 'digits@1.0.0'])).stdout).toMatch(/^training +node/m);
    const missing = await run(['release', 'show', 'digits@9.9.9', '--json']);
    expect(missing.exitCode).toBe(1);
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'release-unknown' } });
  });

  it('lets devices in, and looks at them', async () => {
    expect(await runJson(['token', 'create', '--labels', 'site=a', '--uses', '3'])).toMatchObject({ uses: 3 });
    expect((await run(['token', 'create', '--hours', '1'])).stdout).toMatch(/^token +\S{16,}$/m);
    expect((await run(['token', 'create', '--uses', '101'])).exitCode).toBe(2);
    expect(await runJson(['device', 'list'])).toEqual([]);
    expect((await run(['device', 'list'])).stdout).toBe('No devices yet.\n');
    expect((await run(['device', 'show', 'hall'])).exitCode).toBe(1);
  });

  it('says what is wrong and what to do, and exits with 1', async () => {
    const [tokenless, unreachable, unknown, keyless] = await Promise.all([
      run(['device', 'list'], { BELLWETHER_SERVER: environment['BELLWETHER_SERVER'] }),
      run(['device', 'list', '--server', 'http://127.0.0.1:1', '--token', 't']),
      run(['rollout', 'create', 'digits@9.9.9', '--to', 'all']),
      run(['release', 'publish', digits, '--key', 'nowhere.key']),
    ]);
    expect([tokenless, unreachable, unknown, keyless].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1]);
    expect(tokenless.stderr).toContain('(token-missing)\nhint:');
    expect(unreachable.stderr).toContain('ECONNREFUSED');
    expect(unknown.stderr).toContain('(release-unknown)\nhint:');
    expect(keyless.stderr).toContain('(source-missing)');
  });

  it('tells a second server what the first one occupies', async () => {
    const port = new URL(environment['BELLWETHER_SERVER'] ?? '').port;
    const [sameData, samePort] = await Promise.all([
      run(['serve', '--http-port', '0', '--mqtt-port', '0']),
      run([
        'serve',
        '--data',
        'other',
        '--keys',
        'keys/server',
        '--http-port',
        port,
        '--mqtt-port',
        '0',
        '--log-level',
        'silent',
      ]),
    ]);
    expect(sameData.stderr).toContain('(data-locked)');
    expect(samePort.stderr).toContain('(port-occupied)\nhint:');
    expect(samePort.stderr).toContain('--http-port');
    expect([sameData.exitCode, samePort.exitCode]).toEqual([1, 1]);
    const fresh = await run(['serve', '--data', 'fresh', '--http-port', '0', '--mqtt-port', '0']);
    expect([fresh.exitCode, fresh.stderr.includes('(not-initialised)\nhint:')]).toEqual([1, true]);
    expect(fresh.stderr).toContain('keys init');
  });

  it('needs none of the server’s packages but for serve', async () => {
    // The database is native code: a publisher's machine may lack it.
    const refuse = `export async function resolve(name, context, next) {
      if (/^(better-sqlite3|aedes|fastify)$/.test(name)) throw new Error('not on this machine: ' + name);
      return next(name, context);
    }`;
    const hooks = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(refuse))});`;
    const env = { ...environment, NODE_OPTIONS: `--import=${dataUrl(hooks)}` };
    const listed = await run(['device', 'list'], env);
    expect([listed.exitCode, listed.stderr]).toEqual([0, '']);
    expect((await run(['serve', '--data', 'none'], env)).stderr).toContain('not on this machine');
  });

  it('ends its server when it is asked to', async () => {
    const exit = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });
});

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
