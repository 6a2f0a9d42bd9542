import { describe, expect, it } from 'vitest';
import { CliError } from '@bellwether/control-plane/cli/cli-error';
import { parseTarget, targetText } from '@bellwether/control-plane/cli/rollout-target';

describe('the target of a rollout', () => {
  it.each([
    ['all', { all: true }],
    ['site=a', { labels: { site: 'a' } }],
    ['hardware=rpi4,site=a', { labels: { hardware: 'rpi4', site: 'a' } }],
  ] as const)('%s is read and written', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
    expect(targetText(target)).toBe(text);
  });

  it.each(['', 'a', '=a', 'a=', 'a=b,', 'a=b,a=c', 'a=b c', '__proto__=x'])('"%s" is none', (text) => {
    expect(() => parseTarget(text)).toThrow(CliError);
  });
});
