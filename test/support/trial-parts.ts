import type { TrialParts } from '@bellwether/agent/inference/canary-trial';
import { Evidence } from '@bellwether/agent/telemetry/evidence';

/** What a serving needs for canaries, where a test says nothing else. */
export function trialParts(parts: Partial<TrialParts> = {}): TrialParts {
  const ignore = (): void => {};
  return {
    device: 'meadow-0123456789abcdef',
    runId: '5e'.repeat(16),
    evidence: new Evidence(),
    onTripped: ignore,
    onSuspicion: ignore,
    ...parts,
  };
}
