import { describe, expect, it } from 'vitest';
import { CliError } from '@bellwether/control-plane/cli/cli-error';
import { describeFailure } from '@bellwether/control-plane/cli/failure';

describe('a failed verb', () => {
  it('says what, with its code and a hint', () => {
    expect(describeFailure(new CliError('device-unknown', 'there is no device x'), false)).toEqual({
      text: 'error: there is no device x (device-unknown)\nhint:  bellwether device list shows what there is',
      exitCode: 1,
    });
  });

  it('says it as one line of JSON for programs', () => {
    const { text } = describeFailure(new CliError('timeout', 'still rolling'), true);
    expect(JSON.parse(text)).toEqual({ error: { code: 'timeout', message: 'still rolling' } });
    expect(text).not.toContain('\n');
  });

  it('exits with 2 when it was called wrongly, with 1 when it failed', () => {
    expect(describeFailure(new CliError('usage', 'no'), false).exitCode).toBe(2);
    const { exitCode } = describeFailure(new CliError('rollout-empty', 'no'), false);
    expect(exitCode).toBe(1);
    expect(describeFailure(new Error('no'), false)).toEqual({ text: 'error: no (failed)', exitCode: 1 });
  });

  it.each([
    ['rollout-held', 3],
    ['timeout', 4],
    ['rollout-rolled-back', 5],
    ['rollout-aborted', 5],
    ['rollout-superseded', 5],
  ] as const)('has a number of its own where a rollout ends as %s', (code, exitCode) => {
    expect(describeFailure(new CliError(code, 'no'), false).exitCode).toBe(exitCode);
  });
});
