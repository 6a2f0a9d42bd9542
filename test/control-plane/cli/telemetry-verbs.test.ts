import { expect, it } from 'vitest';
import { verbOutcome } from '../../support/cli-verb.js';

it('bellwether telemetry query asks for a release by model and version, and never takes a model for one', async () => {
  const { exitCode, stderr } = await verbOutcome(['telemetry', 'query', 'total-p99', '--release', 'digits']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('digits is no release: write MODEL@VERSION');
});
