import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { DriftReply } from '../http/drift-api.js';
import { table } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiled = Compile(DriftReply);

/** `bellwether drift` */
export function addDriftVerb(program: Command, { terminal }: VerbParts): void {
  withServer(program.command('drift'))
    .description(
      'what has left the distribution that its release was made for, and what answers are likely to be worth',
    )
    .action(async (options: ServerOptions) => {
      const reply = await (await connect(options)).get('/api/v1/telemetry/drift', compiled);
      print(terminal, options, { value: reply, text: driftText(reply) });
    });
}

/** The reply for people. */
export function driftText(reply: DriftReply): string {
  return [shiftText(reply), accuracyText(reply), ...skippedText(reply)].join('\n\n');
}

function shiftText({ drift, watched }: DriftReply): string {
  if (watched.length === 0)
    return 'No release is watched yet: none has reference distributions and devices that say what they see.';
  if (drift.length === 0)
    return `Nothing drifts on ${watched.length} ${watched.length === 1 ? 'release' : 'releases'}.`;
  const rows = drift.map((each) => [
    `${each.model}@${each.version}`,
    onWhat(each),
    each.stream,
    timeText(each.sinceMs),
    each.stabilityIndex.toFixed(2),
    each.jensenShannon.toFixed(2),
    (each.logE / Math.LN10).toFixed(1),
  ]);
  return table(['release', 'on', 'value', 'since', 'stability index', 'divergence', 'log10 e'], rows);
}

function accuracyText({ accuracy }: DriftReply): string {
  if (accuracy.length === 0)
    return 'No accuracy can be estimated: no watched reference says how many of its answers were right.';
  const rows = accuracy.map((each) => [
    `${each.model}@${each.version}`,
    onWhat(each),
    `${percent(each.accuracy)} ± ${percent(2 * each.standardError)}`,
    percent(each.referenceAccuracy),
    each.isLow ? 'low' : '',
  ]);
  return table(['release', 'on', 'estimated accuracy', 'on its reference', ''], rows);
}

function onWhat({ level, subject }: DriftReply['drift'][number] | DriftReply['accuracy'][number]): string {
  return level === 'release' ? 'all devices' : subject;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function skippedText({ skippedWindows }: DriftReply): string[] {
  return skippedWindows === 0 ? [] : [`${skippedWindows} windows could not be counted since the server started.`];
}
