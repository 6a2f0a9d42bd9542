import { type Command, InvalidArgumentError } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { TokenReply, type TokenRequest } from '../http/operator-api.js';
import { parseLabels } from './rollout-target.js';
import { fields } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface CreateOptions extends ServerOptions {
  readonly labels?: string;
  readonly uses?: number;
  readonly hours?: number;
}

const compiledReply = Compile(TokenReply);

/** `bellwether token …` */
export function addTokenVerbs(program: Command, parts: VerbParts): void {
  const token = program.command('token').description('let devices in');
  withServer(token.command('create'))
    .description('make a token with which devices enrol; it is shown this once')
    .option('--labels <labels>', 'labels of the devices that use it, such as hardware=rpi4,site=a')
    .option('--uses <number>', 'how many devices may use it, 1 to 100', wholeNumber(100))
    .option('--hours <number>', 'how long it is good for, 1 to 24 hours', wholeNumber(24))
    .action((options: CreateOptions) => create(options, parts));
}

async function create(options: CreateOptions, { terminal }: VerbParts): Promise<void> {
  const request: TokenRequest = {
    ...(options.labels !== undefined && { labels: parseLabels(options.labels) }),
    ...(options.uses !== undefined && { uses: options.uses }),
    ...(options.hours !== undefined && { hours: options.hours }),
  };
  const reply = await (await connect(options)).post('/api/v1/tokens', request, compiledReply);
  const text = fields([
    ['token', reply.token],
    ['uses', String(reply.uses)],
    ['expires', timeText(reply.expiresAtMs)],
  ]);
  print(terminal, options, { value: reply, text });
}

function wholeNumber(maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${maximum}.`);
  };
}
