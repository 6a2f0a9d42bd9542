import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { CollectReply } from '../catalog/garbage-api.js';
import { fields } from './table.js';
import { bytesText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';
import { wholeNumber } from './whole-number.js';

interface CollectOptions extends ServerOptions {
  readonly dryRun?: true;
  readonly graceHours: number;
}

const compiledReply = Compile(CollectReply);

/** `bellwether catalog …` */
export function addCatalogVerbs(program: Command, parts: VerbParts): void {
  const catalog = program.command('catalog').description('the files that releases are made of');
  withServer(catalog.command('gc'))
    .description('remove blobs and metadata that no release, order, rollout or pin refers to')
    .option('--dry-run', 'only say what would go')
    .option('--grace-hours <hours>', 'what is younger stays', wholeNumber, 24)
    .action((options: CollectOptions) => collect(options, parts));
}

async function collect(options: CollectOptions, { terminal }: VerbParts): Promise<void> {
  const body = { dryRun: options.dryRun === true, graceHours: options.graceHours };
  const reply = await (await connect(options)).post('/api/v1/catalog/gc', body, compiledReply);
  const part = ({ files, bytes }: CollectReply['kept']) => `${files} files, ${bytesText(bytes)}`;
  const text = fields([
    [reply.dryRun ? 'would go' : 'removed', part(reply)],
    ['blobs', part(reply.blobs)],
    ['metadata', part(reply.metadata)],
    ['stays', part(reply.kept)],
  ]);
  print(terminal, options, { value: reply, text });
}
