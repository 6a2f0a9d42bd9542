import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import { RecordedTerminal } from '../../support/cli-terminal.js';
import { ManualClock } from '../../support/manual-clock.js';

function programOn(terminal: RecordedTerminal, asJson = false): Command {
  return buildProgram({ terminal, clock: new ManualClock() }, { asJson });
}

/** Every verb that does something, with its whole name. */
function verbsOf(command: Command, name = command.name()): ReadonlyArray<readonly [name: string, verb: Command]> {
  if (command.commands.length === 0) return [[name, command]];
  return command.commands.flatMap((each) => verbsOf(each, `${name} ${each.name()}`));
}

const verbs = verbsOf(programOn(new RecordedTerminal()));

describe('bellwether', () => {
  it('has verbs that all say what they do, what they take, and take --json', () => {
    expect(verbs.length).toBeGreaterThan(40);
    const wrong = verbs.flatMap(([name, verb]) => [
      ...(verb.description() === '' ? [`${name} does not say what it does`] : []),
      ...(verb.options.some(({ long }) => long === '--json') ? [] : [`${name} does not take --json`]),
      ...verb.options.filter(({ description }) => description === '').map(({ flags }) => `${name} ${flags}`),
      ...verb.registeredArguments.filter((each) => each.description === '').map((each) => `${name} <${each.name()}>`),
    ]);
    expect(wrong).toEqual([]);
  });

  it('says in its help what holds for every verb: exit codes, environment, errors for programs', async () => {
    const terminal = new RecordedTerminal();
    await expect(programOn(terminal).parseAsync(['node', 'bellwether', '--help'])).rejects.toMatchObject({
      exitCode: 0,
    });
    for (const text of ['Exit codes:', 'BELLWETHER_SERVER', '--json', 'NODE_EXTRA_CA_CERTS']) {
      expect(terminal.stdout).toContain(text);
    }
  });

  it('says a wrong call in words, or as one line of JSON where that was asked for', async () => {
    const said = async (asJson: boolean): Promise<string> => {
      const terminal = new RecordedTerminal();
      await expect(
        programOn(terminal, asJson).parseAsync(['node', 'bellwether', 'token', 'revoke']),
      ).rejects.toMatchObject({ exitCode: 1 });
      return terminal.stderr;
    };
    expect(await said(false)).toBe("error: missing required argument 'id'\n(add --help for what it takes)\n");
    expect(JSON.parse(await said(true))).toEqual({
      error: { code: 'usage', message: "missing required argument 'id'" },
    });
  });
});
