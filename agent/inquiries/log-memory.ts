import type { Clock } from '@bellwether/shared/clock';
import type { LogLine } from '@bellwether/shared/contract/inquiry';
import type { Log, LogFields } from '@bellwether/shared/log';
import { redacted, redactedText } from './redact.js';

const maxFields = 2000;

export interface LogMemoryOptions {
  readonly clock: Clock;
  readonly maxLines?: number;
  /** Of texts and fields, in characters. */
  readonly maxChars?: number;
}

/** The newest lines of this start of the agent, redacted when they are written: a bounded ring in memory. */
export class LogMemory {
  readonly #clock: Clock;
  readonly #maxLines: number;
  readonly #maxChars: number;
  readonly #lines: LogLine[] = [];
  #chars = 0;
  #dropped = 0;
  #level: LogLine['level'] = 'info';

  constructor({ clock, maxLines = 1000, maxChars = 200_000 }: LogMemoryOptions) {
    this.#clock = clock;
    this.#maxLines = maxLines;
    this.#maxChars = maxChars;
  }

  /** `debug` lines are kept only while they are asked for; the others always. */
  setLevel(level: LogLine['level']): void {
    this.#level = level;
  }

  /** The newest `count` lines, oldest first, and how many there were before them. */
  newest(count: number): { readonly lines: readonly LogLine[]; readonly dropped: number } {
    const lines = this.#lines.slice(-count);
    return { lines, dropped: this.#dropped + this.#lines.length - lines.length };
  }

  /** A log that writes to another one and remembers. */
  beside(log: Log, bound: LogFields = {}): Log {
    const at =
      (level: LogLine['level']) =>
      (fields: LogFields, sentence: string): void => {
        log[level](fields, sentence);
        this.#remember(level, { ...bound, ...fields }, sentence);
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => this.beside(log.child(more), { ...bound, ...more }),
    };
  }

  #remember(level: LogLine['level'], fields: LogFields, sentence: string): void {
    if (level === 'debug' && this.#level !== 'debug') return;
    const json = JSON.stringify(redacted(fields));
    const atMs = Math.max(0, Math.round(this.#clock.now().wallMs));
    const text = redactedText(sentence);
    const line: LogLine = { atMs, level, text, ...(json !== '{}' && { fields: json.slice(0, maxFields) }) };
    this.#lines.push(line);
    this.#chars += sizeOf(line);
    while (this.#lines.length > this.#maxLines || this.#chars > this.#maxChars) {
      const oldest = this.#lines.shift();
      if (oldest === undefined) return;
      this.#chars -= sizeOf(oldest);
      this.#dropped++;
    }
  }
}

function sizeOf({ text, fields = '' }: LogLine): number {
  return text.length + fields.length;
}
