import { readFile } from 'node:fs/promises';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { parse } from '@bellwether/shared/yaml';
import type { RolloutRequest } from '../http/rollout-api.js';
import { RolloutPolicy } from '../rollouts/policy.js';
import { CliError } from './cli-error.js';

type AskedPolicy = NonNullable<RolloutRequest['policy']>;

const compiled = Compile(RolloutPolicy);

/** A policy is a page; a file of this size is something else. */
const maxChars = 256 * 1024;

/**
 * Reads `--policy`: the name of a preset, or a file in YAML or JSON (its name has a dot or a slash). A file of a later
 * version goes to the server as it is, whose word it is. Throws CliError `file` or `policy`.
 */
export async function readPolicy(said: string): Promise<AskedPolicy> {
  if (!/[./]/.test(said)) return said;
  const text = await readFile(said, 'utf8').catch((cause: unknown) => {
    throw new CliError('file', `the policy cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (text.length > maxChars)
    throw new CliError('policy', `${said} has ${text.length} characters, ${maxChars} is the most`);
  return parsePolicy(text, said);
}

/** Reads a policy's text; throws CliError `policy`. */
function parsePolicy(text: string, name: string): AskedPolicy {
  const value = readYaml(text, name);
  if (isNewer(value)) return value;
  try {
    return checkSchema(compiled, value, name);
  } catch (cause) {
    throw new CliError('policy', messageOf(cause), { cause });
  }
}

function readYaml(text: string, name: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    // The lines after the first draw the place in the text, which the first one names.
    const [why = ''] = messageOf(cause).split(':\n', 1);
    throw new CliError('policy', `${name}: ${why}`, { cause });
  }
}

function isNewer(value: unknown): value is { version: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    Number.isInteger(value.version) &&
    Number(value.version) > 1
  );
}
