/** Where a verb writes: results to `out`, everything about the way there to `err`. */
export interface Terminal {
  /** A person sees `err` on a terminal: bars may be drawn. */
  readonly isInteractive: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  out(text: string): void;
  err(text: string): void;
  /** Asks for a secret without showing what is typed; throws CliError `passphrase-missing` when there is nobody to ask. */
  secret(question: string): Promise<string>;
}
