import { expect, it } from 'vitest';
import { logDeviceHarm } from '@bellwether/agent/telemetry/evidence-suspicion';

it('deaths of requests that kill any runner switch no canary off that gets most of the calls', () => {
  const deaths = {
    mode: 'split',
    startedAtMs: 0,
    life: new Map([['death', { stable: 2, canary: 38 }]] as const),
  } as const;
  expect(logDeviceHarm([{ ...deaths, share: 9500 }])).toBeLessThan(0);
  expect(logDeviceHarm([{ ...deaths, share: 5000 }])).toBeGreaterThan(Math.log(1e4));
});
