import { readFile } from 'node:fs/promises';
import { messageOf } from '@bellwether/shared/errors';
import { type AgentConfig, ConfigError, parseConfig } from '../config.js';

/** Reads and parses the configuration, with the variables of this process; throws ConfigError. */
export async function loadConfig(path: string): Promise<AgentConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('config-unreadable', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  return parseConfig(text, process.env);
}
