import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import type { RolloutDevice, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { RecordedTerminal } from '../../support/cli-terminal.js';
import { ManualClock } from '../../support/manual-clock.js';
import { rolloutView } from '../../support/operator-views.js';

const device = (name: string, state: RolloutDevice['state'], code: string | null = null): RolloutDevice => ({
  device: `${name}-0123456789abcdef`,
  state,
  code,
  message: code === null ? null : `because of ${code}`,
});
const view = (phase: RolloutView['phase'], devices: RolloutDevice[]): RolloutView =>
  rolloutView('1.1.0', { id: 'r7', createdAtMs: 0, phase, devices });

describe('waiting for a rollout', () => {
  let server: FastifyInstance;
  let url = '';
  let views: RolloutView[] = [];
  let asked: unknown[] = [];
  beforeEach(async () => {
    asked = [];
    server = fastify({ forceCloseConnections: true });
    server.post('/api/v1/rollouts', async (request, reply) => {
      asked.push(request.body);
      return reply.code(201).send(view('rolling', []));
    });
    // Each look at the rollout is one view further; the last one stays.
    server.get('/api/v1/rollouts/r7', async () => (views.length > 1 ? views.shift() : views[0]));
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  const run = async (verb: readonly string[], terminal = new RecordedTerminal(), onWait = async () => {}) => {
    const clock = new ManualClock();
    const program = buildProgram({ terminal, clock });
    const outcome = program.parseAsync(['node', 'bellwether', ...verb, '--server', url, '--token', 't']).then(
      () => ({ code: 'ok', message: '' }),
      (error: unknown) => ({ code: codeOf(error), message: messageOf(error) }),
    );
    for (;;) {
      // Either the verb is over, or it waits for the clock.
      const waits = clock.untilPending().then(onWait);
      const ended = await Promise.race([outcome, waits.then(() => clock.advanceToNext()).then(() => undefined)]);
      if (ended !== undefined) {
        return { ...ended, tookMs: clock.now().monotonicMs, stdout: terminal.stdout, stderr: terminal.stderr };
      }
    }
  };
  const create = ['rollout', 'create', 'digits@1.1.0', '--to', 'all'];

  it('shows each change, and succeeds when every device serves', async () => {
    const started = view('rolling', [device('hall', 'ordered'), device('kitchen', 'ordered')]);
    const halfway = view('rolling', [device('hall', 'serving'), device('kitchen', 'installing')]);
    views = [started, started, halfway, view('done', [device('hall', 'settled'), device('kitchen', 'serving')])];
    const { code, stdout, stderr } = await run([...create, '--wait']);
    expect(code).toBe('ok');
    expect(asked).toEqual([{ release: 'digits@1.1.0', to: { all: true } }]);
    expect(stderr.split('\n')).toEqual([
      'digits@1.1.0  0 of 2 devices: 2 ordered',
      'digits@1.1.0  1 of 2 devices: 1 serving, 1 installing',
      'digits@1.1.0  2 of 2 devices: 1 settled, 1 serving, done',
      '',
    ]);
    expect(stdout).toContain('kitchen-0123456789abcdef  serving');
  });

  it('is not over while the last order is on its way, and does not wait for ever', async () => {
    const done = (state: RolloutDevice['state']) => {
      const devices = [device('hall', 'serving'), device('kitchen', state)];
      return rolloutView('1.1.0', { id: 'r7', createdAtMs: 0, phase: 'done', devices, step: 0 });
    };
    views = [view('rolling', [device('hall', 'canary')]), done('installing'), done('installing'), done('settled')];
    const arrived = await run([...create, '--wait']);
    expect([arrived.code, arrived.tookMs]).toEqual(['ok', 1500]);
    expect(arrived.stderr).toContain('the reports of 1 devices on their last order');
    views = [done('installing')];
    const gone = await run([...create, '--wait']);
    expect([gone.code, gone.tookMs]).toEqual(['ok', 30_000]);
  });

  it('fails when a device refuses, and says which and why', async () => {
    views = [view('held', [device('hall', 'serving'), device('kitchen', 'refused', 'blob-digest')])];
    const { code, message, stdout } = await run([...create, '--wait']);
    expect(code).toBe('rollout-held');
    expect(message).toContain('kitchen-0123456789abcdef blob-digest because of blob-digest');
    expect(stdout).toContain('blob-digest');
  });

  it('fails when a newer rollout took over', async () => {
    views = [view('superseded', [])];
    expect((await run(['rollout', 'show', 'r7', '--watch'])).code).toBe('rollout-superseded');
  });

  it('stops after --timeout', async () => {
    views = [view('rolling', [device('hall', 'silent')])];
    const { code, message } = await run([...create, '--wait', '--timeout', '3']);
    expect(code).toBe('timeout');
    expect(message).toContain('still rolling after 3 s: 0 of 1 devices: 1 silent');
  });

  it('goes on watching when the server was away: a restart is no outcome', async () => {
    const { port } = new URL(url);
    await server.close();
    const terminal = new RecordedTerminal();
    let looks = 0;
    const back = fastify({ forceCloseConnections: true });
    back.get('/api/v1/rollouts/r7', async () => view('done', [device('hall', 'settled')]));
    const watched = await run(['rollout', 'watch', 'r7'], terminal, async () => {
      looks += 1;
      if (looks === 3) await back.listen({ port: Number(port), host: '127.0.0.1' });
    });
    await back.close();
    expect([watched.code, looks]).toEqual(['ok', 3]);
    expect(watched.stderr).toMatch(/^r7 {2}http.*ECONNREFUSED.*; asking again\n.*settled, done\n$/s);
  });

  it('says once a minute how far the numbers have come, and at once what is new', async () => {
    const at = (waitsFor: string) => ({ ...view('rolling', [device('hall', 'canary')]), step: 0, waitsFor });
    const counting = Array.from({ length: 150 }, (_, i) => at(`evidence: ${i} % of it`));
    views = [...counting, at('its hold of 10 s'), view('done', [device('hall', 'settled')])];
    const { stderr } = await run(['rollout', 'watch', 'r7']);
    expect(stderr.split('\n').slice(0, -2)).toEqual([
      'digits@1.1.0  rolling: evidence: 0 % of it',
      'digits@1.1.0  rolling: evidence: 120 % of it',
      'digits@1.1.0  rolling: its hold of 10 s',
    ]);
  });

  it('gives a server up that stays away, for the time that it was given', async () => {
    await server.close();
    const { code, tookMs } = await run(['rollout', 'watch', 'r7', '--timeout', '3']);
    expect([code, tookMs]).toEqual(['network', 3000]);
  });

  it('does not wait for a rollout that reaches no device, and says so', async () => {
    views = [view('rolling', [])];
    const { code, message, stderr } = await run([...create, '--wait']);
    expect(code).toBe('rollout-empty');
    expect(message).toContain('rollout r7 of digits@1.1.0 to all reaches no device now');
    expect(stderr).toBe('');
    expect((await run(['rollout', 'show', 'r7', '--watch'])).code).toBe('rollout-empty');
  });

  it('says that a new rollout reaches no device when nobody waits', async () => {
    const { code, stdout } = await run(create);
    expect(code).toBe('ok');
    expect(stdout).toContain(
      'rollout r7 of digits@1.1.0 to all reaches no device now; devices that join later get it.',
    );
  });

  it('shows a held rollout without failing when nobody waits for its outcome', async () => {
    views = [view('held', [device('kitchen', 'refused', 'golden')])];
    const { code, stdout } = await run(['rollout', 'show', 'r7']);
    expect([code, stdout.includes('golden')]).toEqual(['ok', true]);
  });

  it('prints one document for programs, and nothing on the way', async () => {
    const done = view('done', [device('hall', 'settled')]);
    views = [view('rolling', [device('hall', 'ordered')]), done];
    const { stdout, stderr } = await run([...create, '--wait', '--json'], new RecordedTerminal(true));
    expect(JSON.parse(stdout)).toEqual(done);
    expect(stderr).toBe('');
  });

  it('draws a bar on a terminal', async () => {
    views = [view('rolling', [device('hall', 'ordered')]), view('done', [device('hall', 'settled')])];
    const { stderr } = await run([...create, '--wait'], new RecordedTerminal(true));
    expect(stderr).toContain('━'.repeat(24));
    expect(stderr.endsWith('1 of 1 devices: 1 settled, done\n')).toBe(true);
  });

  it('refuses what is no release or no target before it asks the server', async () => {
    expect((await run(['rollout', 'create', 'digits', '--to', 'all'])).code).toBe('usage');
    expect((await run(['rollout', 'create', 'digits@1.1.0', '--to', 'everybody'])).code).toBe('usage');
    expect(asked).toEqual([]);
  });

  it('says so when the answer is not what a server of this version answers', async () => {
    views = [{ id: 'r7' } as RolloutView];
    expect((await run(['rollout', 'show', 'r7'])).code).toBe('bad-reply');
  });
});
