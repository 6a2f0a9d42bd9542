import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { compactDictionary } from '@bellwether/shared/contract/compact-dictionary';
import { messageOf } from '@bellwether/shared/errors';
import { asyncApi } from '../consumers/async-api.js';
import { messageKinds, schemaDocument } from '../consumers/message-kinds.js';
import { ownVersion } from '../own-version-disk.js';
import { CliError } from './cli-error.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

interface SchemaOptions extends OutputOptions {
  readonly out: string;
}

/** `bellwether schemas`: works without a server. */
export function addSchemaVerb(program: Command, parts: VerbParts): void {
  withOutput(program.command('schemas'))
    .description(
      'write what consumers read over MQTT: asyncapi.json, a JSON Schema of each message, and the dictionary of deflated ones',
    )
    .requiredOption('--out <folder>', 'where to; made where it is not there')
    .action((options: SchemaOptions) => write(options, parts));
}

async function write(options: SchemaOptions, { terminal }: VerbParts): Promise<void> {
  const documents: [string, string | Uint8Array][] = [
    ['asyncapi.json', textOf(asyncApi(await ownVersion()))],
    ...[...messageKinds.keys()].map((name): [string, string] => [`${name}.schema.json`, textOf(schemaDocument(name))]),
    ['compact.dictionary', compactDictionary],
  ];
  const files = documents.map(([name]) => join(options.out, name));
  try {
    await mkdir(options.out, { recursive: true });
    for (const [name, document] of documents) await writeFile(join(options.out, name), document);
  } catch (cause) {
    throw new CliError('file', `the schemas cannot be written: ${messageOf(cause)}`, { cause });
  }
  print(terminal, options, { value: files, text: files.join('\n') });
}

function textOf(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
