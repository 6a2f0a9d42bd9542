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

/** Text of others (labels, messages of devices) without what could command a terminal: control and format characters become `�`. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
}
