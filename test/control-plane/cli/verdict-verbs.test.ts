import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFailure } from '@bellwether/control-plane/cli/failure';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import { sealBundle } from '@bellwether/control-plane/rollouts/verdict/bundle-file';
import { systemClock } from '@bellwether/shared/clock';
import { RecordedTerminal } from '../../support/cli-terminal.js';
import { rfcKey, sampleBundles } from '../../support/verdict-bundles.js';

const samples = sampleBundles();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-verdict-'));
  for (const [name, bundle] of Object.entries(samples)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(sealBundle(bundle, rfcKey)));
  }
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the command; what it said, or how it failed. */
async function run(...words: readonly string[]): Promise<string> {
  const terminal = new RecordedTerminal();
  const program = buildProgram({ terminal, clock: systemClock });
  try {
    await program.parseAsync(['verdict', ...words], { from: 'user' });
    return terminal.stdout;
  } catch (error) {
    const { text, exitCode } = describeFailure(error, false);
    return `${exitCode}: ${text}`;
  }
}

describe('bellwether verdict', () => {
  it('show says what was decided, why, and what each arm did', async () => {
    const said = await run('show', join(folder, 'fail.json'));
    expect(said).toContain('r12, step 2: digits@1.0.0 → 1.2.0');
    expect(said).toMatch(/- canary only: errors: 30 of 6000/);
    expect(said).toMatch(/^error +50 +114000 +30 +6000$/m);
    expect(await run('show', join(folder, 'unpaired.json'))).toMatch(/^d0 +pi +3000 +0 +4$/m);
  });

  it('replay makes the same verdict again, without a server', async () => {
    for (const name of Object.keys(samples)) {
      expect(await run('replay', join(folder, `${name}.json`), '--key', rfcKey.publicKey)).toMatch(/^the same again: /);
    }
  });

  it('replay exits with 1 and the reason when it is another one, or cannot be read', async () => {
    const { pass } = samples;
    if (pass === undefined) throw new Error('no sample');
    const lie = { ...pass, verdict: { ...pass.verdict, logHarm: 9 } };
    writeFileSync(join(folder, 'lie.json'), JSON.stringify(sealBundle(lie, rfcKey)));
    expect(await run('replay', join(folder, 'lie.json'))).toMatch(/^1: error: logHarm is 9, .*\(verdict-differs\)/);
    expect(await run('replay', join(folder, 'lie.json'), '--key', 'f'.repeat(64))).toContain('(verdict-key)');
    const sealed = JSON.stringify(sealBundle(pass, rfcKey));
    writeFileSync(join(folder, 'bent.json'), sealed.replace('"payload":"eyJz', '"payload":"eyJ6'));
    expect(await run('replay', join(folder, 'bent.json'))).toMatch(/^1: .* was changed .*\(verdict-tampered\)/);
    expect(await run('replay', join(folder, 'none.json'))).toMatch(/^1: .*\(file\)/);
  });
});
