import type { Terminal } from '@bellwether/control-plane/cli/terminal';

/** A terminal that remembers what was written to it. */
export class RecordedTerminal implements Terminal {
  readonly isInteractive: boolean;
  readonly columns = 100;
  stdout = '';
  stderr = '';
  readonly typed: string[] = [];

  constructor(isInteractive = false) {
    this.isInteractive = isInteractive;
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  /** Answers with what was typed ahead. */
  async secret(question: string): Promise<string> {
    this.stderr += question;
    return this.typed.shift() ?? '';
  }
}
