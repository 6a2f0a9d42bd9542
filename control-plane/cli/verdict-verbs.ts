import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { gatingCells } from '@bellwether/shared/evidence/counters';
import type { VerdictBundle } from '../rollouts/verdict/bundle.js';
import { openBundle, replay } from '../rollouts/verdict/bundle-file.js';
import { segmentsOf, totalsOf } from '../rollouts/verdict/fleet-evidence.js';
import { CliError } from './cli-error.js';
import { fields, table } from './table.js';
import { timeText } from './units.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

interface BundleOptions extends OutputOptions {
  readonly key?: string;
}

/** `bellwether verdict …`: works without a server. */
export function addVerdictVerbs(program: Command, parts: VerbParts): void {
  const verdict = program
    .command('verdict')
    .description('what was decided about a rollout, from its file, without a server');
  withKey(verdict.command('show').argument('<file>', 'a verdict, as the server keeps it'))
    .description('show a verdict, its reasons and the counters of both arms')
    .action((file: string, options: BundleOptions) => show(file, options, parts));
  withKey(verdict.command('replay').argument('<file>', 'a verdict, as the server keeps it'))
    .description('make the verdict again from its counters; exits with 1 when it is not the same, or was tampered with')
    .action((file: string, options: BundleOptions) => again(file, options, parts));
}

function withKey(command: Command): Command {
  return withOutput(command).option(
    '--key <public>',
    'the verdict key to trust, 64 hex digits (keys/online.json); else the one that the file names',
  );
}

async function show(path: string, options: BundleOptions, { terminal }: VerbParts): Promise<void> {
  const bundle = await read(path, options);
  print(terminal, options, { value: bundle, text: bundleLines(bundle).join('\n') });
}

async function again(path: string, options: BundleOptions, { terminal }: VerbParts): Promise<void> {
  const bundle = await read(path, options);
  const { value, logHarm } = replay(bundle);
  const { length } = bundle.verdict.reasons;
  const same = `the same again: ${value}, log E = ${logHarm.toPrecision(6)}, ${length} ${length === 1 ? 'reason' : 'reasons'}`;
  print(terminal, options, { value: { isSame: true, verdict: bundle.verdict }, text: same });
}

async function read(path: string, { key }: BundleOptions): Promise<VerdictBundle> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CliError('file', `the verdict cannot be read: ${messageOf(cause)}`, { cause });
  });
  try {
    return openBundle(bytes, key);
  } catch (cause) {
    if (codeOf(cause) !== 'signature') throw cause;
    const text = `the signature in ${path} does not fit: the file was changed after it was signed, or names a key that did not sign it`;
    throw new CliError('verdict-tampered', text, { cause });
  }
}

/** A bundle for people: what was decided, why, and what each arm did. */
export function bundleLines({
  rollout,
  model,
  stable,
  canary,
  step,
  atMs,
  look,
  verdict,
  ...rest
}: VerdictBundle): string[] {
  const head = fields([
    ['verdict', verdict.value],
    ['rollout', `${rollout}, step ${step + 1}: ${model}@${stable.version} → ${canary.version}`],
    ['looked', `${timeText(atMs)}, by Bellwether ${rest.codeVersion}`],
    ['harm', `log E = ${verdict.logHarm.toPrecision(4)} of ${verdict.logHarmLimit.toPrecision(4)}`],
    ['passed', verdict.passedStrata.map((name) => (name === '' ? 'all' : name)).join(', ') || '–'],
    ['dropped', verdict.drop.join(', ') || '–'],
  ]);
  const reasons = verdict.reasons.map(({ text }) => `- ${text}`);
  return [head, '', ...reasons, '', counterTable(look)];
}

function counterTable(look: VerdictBundle['look']): string {
  if (look.kind === 'unpaired') {
    const rows = look.devices.map(({ device, stratum, calls, bad, overBudget }) => {
      return [device, stratum, String(calls), String(bad), String(overBudget)];
    });
    return table(['device', 'stratum', 'calls', 'bad', 'over budget'], rows);
  }
  const segments = segmentsOf(look.devices ?? look.step);
  const rows = gatingCells.map((cell) => {
    const { bad, trials } = totalsOf(segments, cell);
    return [cell, ...[bad.stable, trials.stable, bad.canary, trials.canary].map(String)];
  });
  return table(['cell', 'stable bad', 'of', 'canary bad', 'of'], rows);
}
