import { expect, it } from 'vitest';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { Compile } from '@bellwether/shared/schema';
import { parse } from '@bellwether/shared/yaml';
import { RecordedTerminal } from '../../support/cli-terminal.js';
import { ManualClock } from '../../support/manual-clock.js';

async function said(...words: readonly string[]): Promise<string> {
  const terminal = new RecordedTerminal();
  const program = buildProgram({ terminal, clock: new ManualClock() });
  await program.parseAsync(['node', 'bellwether', 'rollout', 'policy', ...words]);
  return terminal.stdout;
}

it.each(['careful', 'standard', 'fast', 'hotfix'] as const)('prints %s as a file that says the same', async (name) => {
  const policy: unknown = parse(await said(name));
  expect(policy).toEqual(presets[name]);
  expect(Compile(RolloutPolicy).Check(policy)).toBe(true);
  expect(JSON.parse(await said(name, '--json'))).toEqual(presets[name]);
});

it('lists what there is', async () => {
  expect(await said()).toContain('hotfix    50 % on 20 % → full on 100 %\n');
  await expect(said('brave')).rejects.toMatchObject({ code: 'usage' });
});
