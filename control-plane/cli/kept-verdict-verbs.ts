import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { KeptVerdictList } from '../http/rollout-api.js';
import { BundleFile } from '../rollouts/verdict/bundle-file.js';
import { CliError } from './cli-error.js';
import { table } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface VerdictOptions extends ServerOptions {
  readonly number?: number;
  readonly out?: string;
}

const compiledList = Compile(KeptVerdictList);
const compiledFile = Compile(BundleFile);

/** `bellwether rollout verdict` */
export function addKeptVerdictVerbs(rollout: Command, parts: VerbParts): void {
  withServer(rollout.command('verdict'))
    .description('list the signed verdicts of a rollout, or write one to a file, for bellwether verdict replay')
    .argument('<id>', 'its id, as rollout list shows it')
    .option('--number <number>', 'which one (default: the newest)', number)
    .option('--out <file>', 'where to write it')
    .action((id: string, options: VerdictOptions) => verdict(id, options, parts));
}

async function verdict(id: string, options: VerdictOptions, { terminal }: VerbParts): Promise<void> {
  const server = await connect(options);
  const path = `/api/v1/rollouts/${encodeURIComponent(id)}/verdicts`;
  const { verdicts } = await server.get(path, compiledList);
  if (options.out === undefined) {
    const rows = verdicts.map(({ number, atMs, step, value }) => [
      String(number),
      timeText(atMs),
      String(step + 1),
      value,
    ]);
    const text = rows.length === 0 ? 'No verdict yet.' : table(['number', 'time', 'step', 'verdict'], rows);
    print(terminal, options, { value: verdicts, text });
    return;
  }
  const which = options.number ?? verdicts.at(-1)?.number;
  if (which === undefined) throw new CliError('verdict-missing', `rollout ${id} has no verdict yet`);
  const file = await server.get(`${path}/${which}`, compiledFile);
  await writeFile(options.out, `${JSON.stringify(file)}\n`).catch((cause: unknown) => {
    throw new CliError('file', `the verdict cannot be written: ${messageOf(cause)}`, { cause });
  });
  print(terminal, options, {
    value: { number: which, out: options.out },
    text: `verdict ${which} of ${id}: ${options.out}`,
  });
}

function number(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is a number, as the list shows it.');
}
