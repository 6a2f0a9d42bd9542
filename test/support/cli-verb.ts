import { describeFailure } from '@bellwether/control-plane/cli/failure';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import { systemClock } from '@bellwether/shared/clock';
import { RecordedTerminal } from './cli-terminal.js';

/** Where a verb goes that speaks to a server, and with whose right. */
interface AskedServer {
  readonly httpUrl: string;
  readonly token: string;
}

/** How a verb ended, as its process would have. */
export interface VerbOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a verb of `bellwether` to its end in this process, since one of its own costs a third of a second each time; what
 * that adds, streams and the exit itself, is looked at in publish-cli.test.ts and by the demo.
 */
export async function verbOutcome(verb: readonly string[], server?: AskedServer): Promise<VerbOutcome> {
  const terminal = new RecordedTerminal();
  const program = buildProgram({ terminal, clock: systemClock });
  const to = server && asksServer(program, verb) ? ['--server', server.httpUrl, '--token', server.token] : [];
  try {
    await program.parseAsync(['node', 'bellwether', ...verb, ...to]);
    return { exitCode: 0, stdout: terminal.stdout, stderr: terminal.stderr };
  } catch (error) {
    const { text, exitCode } = describeFailure(error, false);
    return { exitCode, stdout: terminal.stdout, stderr: `${terminal.stderr}${text}` };
  }
}

/** What a verb prints; throws with the words that it fails with. */
export async function runVerb(verb: readonly string[], server: AskedServer): Promise<string> {
  const { exitCode, stdout, stderr } = await verbOutcome(verb, server);
  if (exitCode !== 0) throw new Error(`${verb.join(' ')}: ${stderr}`);
  return stdout;
}

/** Whether a verb has the option `--server`: some only work on files. */
function asksServer(command: ReturnType<typeof buildProgram>, [name, ...rest]: readonly string[]): boolean {
  const verb = command.commands.find((each) => each.name() === name);
  return verb === undefined ? command.options.some(({ long }) => long === '--server') : asksServer(verb, rest);
}
