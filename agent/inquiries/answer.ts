import { type Inquiry, type InquiryAnswer, maxAnswerBytes } from '@bellwether/shared/contract/inquiry';
import type { LogMemory } from './log-memory.js';
import { redacted } from './redact.js';

/** What an answer is made of. */
export interface AnswerSource {
  readonly device: string;
  readonly atMs: number;
  readonly logs: Pick<LogMemory, 'newest'>;
  /** By name, as the device knows them; they are redacted here. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Leaves room for what surrounds it. */
const roomBytes = maxAnswerBytes - 4096;

/** The answer to a question, as it is sent: of the log the newest lines that fit, of the facts those that fit. */
export function answerTo(
  { kind, lines: wanted = 200 }: Pick<Inquiry, 'kind' | 'lines'>,
  source: AnswerSource,
): Uint8Array {
  const { device, atMs, logs, facts } = source;
  const about = { version: 1, device, atMs } as const;
  const answer: InquiryAnswer =
    kind === 'logs'
      ? { ...about, kind, ...fitting(logs.newest(wanted)) }
      : { ...about, kind, facts: fittingFacts(facts) };
  return Buffer.from(JSON.stringify(answer));
}

function fitting({
  lines,
  dropped,
}: ReturnType<LogMemory['newest']>): Pick<Extract<InquiryAnswer, { kind: 'logs' }>, 'lines' | 'dropped'> {
  let bytes = 0;
  const kept = lines.toReversed().filter((line) => {
    bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
    return bytes <= roomBytes;
  });
  return { lines: kept.toReversed(), dropped: dropped + lines.length - kept.length };
}

function fittingFacts(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let bytes = 0;
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => {
      const clean = redacted(fact) ?? null;
      bytes += Buffer.byteLength(JSON.stringify(clean)) + name.length + 4;
      return [name, bytes <= roomBytes ? clean : '(too long)'];
    }),
  );
}
