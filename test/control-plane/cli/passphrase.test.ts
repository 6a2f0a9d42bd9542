import { afterEach, describe, expect, it } from 'vitest';
import { knownPassphrase, newPassphrase } from '@bellwether/control-plane/cli/passphrase';
import { codeOf } from '@bellwether/shared/errors';
import { RecordedTerminal } from '../../support/cli-terminal.js';

const codeOfAsync = (promise: Promise<unknown>) => promise.then(() => 'taken', codeOf);

describe('a passphrase', () => {
  afterEach(() => {
    delete process.env['BELLWETHER_PASSPHRASE'];
  });

  it('of a new key is typed twice, and the same both times', async () => {
    const terminal = new RecordedTerminal();
    terminal.typed.push('long enough to keep', 'long enough to keep');
    expect(await newPassphrase({}, terminal)('root-1.key')).toBe('long enough to keep');
    expect(terminal.stderr).toContain('root-1.key');
    terminal.typed.push('long enough to keep', 'long enough to sleep');
    expect(await codeOfAsync(newPassphrase({}, terminal)('root-1.key'))).toBe('passphrase-differs');
  });

  it('of a new key has at least 12 characters, wherever it comes from', async () => {
    const terminal = new RecordedTerminal();
    terminal.typed.push('short', 'short');
    expect(await codeOfAsync(newPassphrase({}, terminal)('root-1.key'))).toBe('passphrase-weak');
    process.env['BELLWETHER_PASSPHRASE'] = 'short';
    expect(await codeOfAsync(newPassphrase({}, terminal)('root-1.key'))).toBe('passphrase-weak');
    expect(await knownPassphrase({}, terminal)('root-1.key')).toBe('short');
  });
});
