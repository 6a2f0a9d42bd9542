import { codeOf, messageOf } from '@bellwether/shared/errors';
import { printable, printableJson } from '@bellwether/shared/printable';
import { hintFor } from './hints.js';

/** How a failed verb ends: what to say, and the exit code. */
export interface Failure {
  readonly text: string;
  readonly exitCode: 1 | 2;
}

/** Says what went wrong, with its code and a hint; as one line of JSON for programs. */
export function describeFailure(error: unknown, asJson: boolean): Failure {
  const code = codeOf(error) ?? 'failed';
  const message = messageOf(error);
  const hint = hintFor(code);
  const exitCode = code === 'usage' ? 2 : 1;
  if (asJson) return { text: printableJson({ error: { code, message, ...(hint && { hint }) } }), exitCode };
  const lines = [`error: ${printable(message)} (${code})`];
  if (hint !== undefined) lines.push(`hint:  ${hint}`);
  return { text: lines.join('\n'), exitCode };
}
