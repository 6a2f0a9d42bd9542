import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import { codeOf } from '@bellwether/shared/errors';
import { RecordedTerminal } from '../../support/cli-terminal.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the operator’s token', () => {
  let folder = '';
  let file = '';
  let server: FastifyInstance;
  let url = '';
  let given: unknown;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-token-'));
    file = join(folder, 'operator.token');
    await writeFile(file, 'of-the-file\n');
    server = fastify({ forceCloseConnections: true });
    server.get('/api/v1/devices', async ({ headers }) => {
      given = headers.authorization;
      return { devices: [] };
    });
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server.close();
    await rm(folder, { recursive: true });
  });

  /** The token that the server gets, or the code of the refusal. */
  const tokenSent = async (...options: readonly string[]) => {
    given = undefined;
    const program = buildProgram({ terminal: new RecordedTerminal(), clock: new ManualClock() });
    const words = ['node', 'bellwether', 'device', 'list', '--server', url, ...options];
    const failure = await program.parseAsync(words).then(
      () => undefined,
      (error: unknown) => codeOf(error),
    );
    return failure ?? given;
  };

  it('is taken from the command line before the environment', async () => {
    vi.stubEnv('BELLWETHER_TOKEN', 'of-the-environment');
    expect(await tokenSent()).toBe('Bearer of-the-environment');
    expect(await tokenSent('--token', 'said')).toBe('Bearer said');
    expect(await tokenSent('--token-file', file)).toBe('Bearer of-the-file');
  });

  it('is taken from a file that the environment names', async () => {
    vi.stubEnv('BELLWETHER_TOKEN', undefined);
    vi.stubEnv('BELLWETHER_TOKEN_FILE', file);
    expect(await tokenSent()).toBe('Bearer of-the-file');
    expect(await tokenSent('--token', 'said')).toBe('Bearer said');
  });

  it('is missing when it is empty, as after $(cat NO-SUCH-FILE)', async () => {
    vi.stubEnv('BELLWETHER_TOKEN', '');
    vi.stubEnv('BELLWETHER_TOKEN_FILE', undefined);
    expect(await tokenSent()).toBe('token-missing');
    expect(await tokenSent('--token-file', join(folder, 'nothing'))).toBe('file');
  });
});
