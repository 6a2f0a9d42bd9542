import { readFile } from 'node:fs/promises';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { parse } from '@bellwether/shared/yaml';
import { AlertError } from './alert-error.js';
import { type AlertRules, RuleFile, rulesWith } from './alert-rule.js';

const compiled = Compile(RuleFile);
const maxBytes = 64 * 1024;

/** Reads `--alert-rules`, YAML or JSON: the defaults, but for what the file says. Throws AlertError `rules-invalid`. */
export async function readAlertRules(path: string): Promise<AlertRules> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > maxBytes) throw new Error(`it has ${text.length} characters, ${maxBytes} is the most`);
    return rulesWith(checkSchema(compiled, parse(text, { maxAliasCount: 0 }), 'alert rules').rules);
  } catch (cause) {
    throw new AlertError('rules-invalid', `${path} holds no rules of alerts: ${messageOf(cause)}`, { cause });
  }
}
