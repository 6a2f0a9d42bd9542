import type { Command } from 'commander';
import type { LogLine } from '@bellwether/shared/contract/inquiry';
import { Compile } from '@bellwether/shared/schema';
import { DeviceList } from '../http/operator-api.js';
import { InquiryView } from '../inquiries/inquiry-api.js';
import { CliError } from './cli-error.js';
import { findDevice } from './device-verbs.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';
import { wholeNumber } from './whole-number.js';

const compiledList = Compile(DeviceList);
const compiledInquiry = Compile(InquiryView);
const pollMs = 300;

interface InquiryOptions extends ServerOptions {
  readonly wait: number;
  readonly hours?: number;
  readonly lines?: number;
  readonly inquiry?: string;
}

/** `bellwether device logs|diagnostics` */
export function addDeviceInquiryVerbs(device: Command, parts: VerbParts): void {
  withInquiry(device.command('logs'))
    .description("a device's newest log lines, without secrets; it is asked with its next order, and answers by itself")
    .option('--lines <count>', 'how many, at most 1000; default: 200', wholeNumber)
    .action((name: string, options: InquiryOptions) => ask(name, 'logs', { options, parts }));
  withInquiry(device.command('diagnostics'))
    .description('what a device knows of itself: state, configuration, machine, connection, clock; without secrets')
    .action((name: string, options: InquiryOptions) => ask(name, 'diagnostics', { options, parts }));
}

function withInquiry(command: Command): Command {
  return withServer(command)
    .argument('<device>', 'its id, or its name where only one has it')
    .option('--wait <seconds>', 'how long to wait for the answer here', wholeNumber, 60)
    .option(
      '--hours <count>',
      'how long the question waits for a device that is away, at most 168; default: 24',
      wholeNumber,
    )
    .option('--inquiry <id>', 'the answer to a question that was asked before');
}

async function ask(
  name: string,
  kind: InquiryView['kind'],
  { options, parts }: { readonly options: InquiryOptions; readonly parts: VerbParts },
): Promise<void> {
  const { terminal, clock } = parts;
  const server = await connect(options);
  const { devices } = await server.get('/api/v1/devices', compiledList);
  const path = `/api/v1/devices/${findDevice(devices, name).id}/inquiries`;
  const { hours, lines, wait } = options;
  const body = { kind, ...(hours !== undefined && { hours }), ...(lines !== undefined && { lines }) };
  const id = options.inquiry ?? (await server.post(path, body, compiledInquiry)).id;
  const endMs = clock.now().monotonicMs + wait * 1000;
  let inquiry = await server.get(`${path}/${id}`, compiledInquiry);
  while (inquiry.state === 'waiting' && clock.now().monotonicMs < endMs) {
    await clock.sleep(pollMs);
    inquiry = await server.get(`${path}/${id}`, compiledInquiry);
  }
  if (inquiry.answer === undefined) {
    const until = `it can answer until ${timeText(inquiry.expiresAtMs)}: bellwether device ${kind} ${name} --inquiry ${id}`;
    const text =
      inquiry.state === 'waiting'
        ? `${name} has not answered within ${wait} s; ${until}`
        : `${name} did not answer in time`;
    throw new CliError('timeout', text);
  }
  print(terminal, options, { value: inquiry, text: answerText(inquiry.answer) });
}

function answerText(answer: NonNullable<InquiryView['answer']>): string {
  if (answer.kind === 'diagnostics') return JSON.stringify(answer.facts, null, 2);
  const before = answer.dropped > 0 ? [`(${answer.dropped} lines before these)`] : [];
  return [...before, ...answer.lines.map(lineText)].join('\n');
}

function lineText({ atMs, level, text, fields = '' }: LogLine): string {
  return `${new Date(atMs).toISOString()} ${level.padEnd(5)} ${text}${fields === '' ? '' : ` ${fields}`}`;
}
