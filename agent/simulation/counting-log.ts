import type { Log } from '@bellwether/shared/log';

/** Counts what thousands of devices warn of, by sentence; nobody could read it all. */
export class CountingLog implements Log {
  readonly counts = new Map<string, number>();
  /** The newest sentence with its reason. */
  last: string | null = null;

  debug(): void {}

  info(): void {}

  warn(fields: unknown, sentence: string): void {
    const why = reasonIn(fields);
    this.last = why === undefined ? sentence : `${sentence}: ${why}`;
    this.counts.set(sentence, (this.counts.get(sentence) ?? 0) + 1);
  }

  error(fields: unknown, sentence: string): void {
    this.warn(fields, sentence);
  }

  child(): Log {
    return this;
  }
}

/** What the agent's log calls the reason of a warning. */
function reasonIn(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const why = 'why' in fields ? fields.why : 'err' in fields ? fields.err : undefined;
  return typeof why === 'string' ? why : undefined;
}
