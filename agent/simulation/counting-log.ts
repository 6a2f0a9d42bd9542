import type { Log } from '@bellwether/shared/log';

/** Counts what thousands of devices warn of, by sentence; nobody could read it all. */
export class CountingLog implements Log {
  readonly counts = new Map<string, number>();

  debug(): void {}

  info(): void {}

  warn(_fields: unknown, sentence: string): void {
    this.counts.set(sentence, (this.counts.get(sentence) ?? 0) + 1);
  }

  error(fields: unknown, sentence: string): void {
    this.warn(fields, sentence);
  }

  child(): Log {
    return this;
  }
}
