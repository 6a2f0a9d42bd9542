/** What `bellwether --help` says after its commands: what holds for all of them. */
export const programHelp = `
Each command takes --help, and --json for programs: the result goes to stdout, and what went wrong to stderr as
{"error":{"code","message","hint"}}. Codes are stable; messages are for people.

Exit codes:
  0  done
  1  refused or failed: the code in parentheses says which
  2  called wrongly
  3  rollout watch, --wait: it is held, a person must decide
  4  the same: not at its end within --timeout; it goes on
  5  the same: it was taken back, ended or superseded

Environment:
  BELLWETHER_SERVER                                      the server
  BELLWETHER_TOKEN, BELLWETHER_TOKEN_FILE                an operator's token; without, that of bellwether login
  BELLWETHER_PASSPHRASE, BELLWETHER_PASSPHRASE_FILE      of every key that signs; without, it is asked for
  BELLWETHER_PASSWORD, BELLWETHER_LOGIN_FILE             of bellwether login, and where it is kept
  NODE_EXTRA_CA_CERTS                                    a CA of your own (PEM)`;

/** What commander says of a wrong call, as one line for programs: the form of every other failure. */
export function usageAsJson(text: string): string {
  const message = text.trim().replace(/^error: /, '');
  return `${JSON.stringify({ error: { code: 'usage', message } })}\n`;
}
