import { printable } from '@bellwether/shared/printable';
import type { Terminal } from './terminal.js';

const barWidth = 24;

/** One moment of something that takes a while. */
export interface Moment {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** What is done, for people: `1.2 MB of 3.4 MB`. */
  readonly detail: string;
}

/**
 * Shows how far something is: a bar that is drawn over itself on a terminal, a line per finished step elsewhere, nothing
 * where a program reads.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #isSilent: boolean;
  #drawn = '';

  constructor(terminal: Terminal, isSilent: boolean) {
    this.#terminal = terminal;
    this.#isSilent = isSilent;
  }

  /** Shows where it is, on a terminal only: this may be called for every chunk. */
  update(moment: Moment): void {
    if (!this.#isSilent && this.#terminal.isInteractive) this.#draw(barLine(moment));
  }

  /** Shows a change that is worth a line elsewhere. */
  step(moment: Moment): void {
    this.update(moment);
    if (this.#isSilent || this.#terminal.isInteractive) return;
    this.#terminal.err(`${printable(moment.label)}  ${printable(moment.detail)}\n`);
  }

  /** Shows the last moment, and leaves it standing. */
  finish(moment: Moment): void {
    this.step(moment);
    if (this.#drawn !== '') this.#terminal.err('\n');
    this.#drawn = '';
  }

  /** Takes an unfinished bar away, before something else is written. */
  clear(): void {
    if (this.#drawn !== '') this.#terminal.err('\r\u001b[2K');
    this.#drawn = '';
  }

  #draw(line: string): void {
    const text = line.slice(0, this.#terminal.columns - 1);
    if (text === this.#drawn) return;
    this.#terminal.err(`\r\u001b[2K${text}`);
    this.#drawn = text;
  }
}

/** `model.onnx       ━━━━━━━━━━━━────────────  1.2 MB of 3.4 MB` */
export function barLine({ label, done, total, detail }: Moment): string {
  const filled = total === 0 ? barWidth : Math.min(barWidth, Math.floor((done / total) * barWidth));
  const bar = '━'.repeat(filled) + '─'.repeat(barWidth - filled);
  return `${printable(label).padEnd(18)} ${bar}  ${printable(detail)}`;
}
