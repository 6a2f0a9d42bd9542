import { codeOf, messageOf } from '@bellwether/shared/errors';
import { printable, printableJson } from '@bellwether/shared/printable';
import { hintFor } from './hints.js';

type ExitCode = 1 | 2 | 3 | 4 | 5;

/** What a script may want to tell apart by number; everything else is 1. */
const exitCodes: ReadonlyMap<string, ExitCode> = new Map([
  ['usage', 2],
  ['rollout-held', 3],
  ['timeout', 4],
  ['rollout-rolled-back', 5],
  ['rollout-aborted', 5],
  ['rollout-superseded', 5],
]);

/** How a failed verb ends: what to say, and the exit code. */
export interface Failure {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** Says what went wrong, with its code and a hint; as one line of JSON for programs. */
export function describeFailure(error: unknown, asJson: boolean): Failure {
  const code = codeOf(error) ?? 'failed';
  const message = messageOf(error);
  const hint = hintFor(code);
  const exitCode = exitCodes.get(code) ?? 1;
  if (asJson) return { text: printableJson({ error: { code, message, ...(hint && { hint }) } }), exitCode };
  const lines = [`error: ${printable(message)} (${code})`];
  if (hint !== undefined) lines.push(`hint:  ${hint}`);
  return { text: lines.join('\n'), exitCode };
}
