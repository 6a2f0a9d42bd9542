import type { Command } from 'commander';
import type { RolloutPolicy, RolloutStep } from '../rollouts/policy.js';
import { isPresetName, type PresetName, presets } from '../rollouts/policy-presets.js';
import { CliError } from './cli-error.js';
import { table } from './table.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

/** `bellwether rollout policy`: works without a server. */
export function addPolicyVerb(rollout: Command, parts: VerbParts): void {
  withOutput(rollout.command('policy'))
    .description(
      'print a policy that has a name, as a file to change and give to create --policy; without a name, list them',
    )
    .argument('[name]', Object.keys(presets).join(', '))
    .action((name: string | undefined, options: OutputOptions) => {
      if (name === undefined) {
        print(parts.terminal, options, { value: presets, text: listText() });
        return;
      }
      if (!isPresetName(name)) {
        throw new CliError('usage', `there is no policy ${name}: ${Object.keys(presets).join(', ')}`);
      }
      print(parts.terminal, options, { value: presets[name], text: policyYaml(name) });
    });
}

function listText(): string {
  const rows = Object.entries(presets).map(([name, policy]) => [name, policy.steps.map(stepText).join(' → ')]);
  return table(
    ['policy', 'calls of the canary on devices'],
    [['direct', 'all on all at once, without a verdict'], ...rows],
  );
}

function stepText({ mode, share, cohort }: RolloutStep): string {
  const calls = mode === 'split' ? `${share} %` : mode;
  const devices = 'percent' in cohort ? `${cohort.percent} %` : `${cohort.devices}`;
  return `${calls} on ${devices}`;
}

/** A preset as a file in YAML, a step on each line; its words need no quotes. */
function policyYaml(name: PresetName): string {
  const { version, steps, ...rest }: RolloutPolicy = presets[name];
  return [
    `# ${name}; every field there is: examples/rollouts/policy.yaml`,
    `version: ${version}`,
    'steps:',
    ...steps.map((step) => `  - ${flow(step)}`),
    ...Object.entries(rest).map(([field, value]) => `${field}: ${flow(value)}`),
  ].join('\n');
}

/** A value on one line: `{ percent: 5 }`. */
function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([field, each]) => `${field}: ${flow(each)}`)
    .join(', ')} }`;
}
