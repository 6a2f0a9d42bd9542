import { beforeEach, describe, expect, it } from 'vitest';
import { OrderedSettings } from '@bellwether/agent/reconcile/ordered-settings';

const config = { windowSeconds: 60, governor: { cpuPct: 15 }, logLevel: 'info' } as const;

let trials = false;
let said: string[] = [];
let settings: OrderedSettings;
beforeEach(() => {
  trials = false;
  said = [];
  settings = new OrderedSettings({
    config,
    hasTrials: () => trials,
    setWindowSeconds: (seconds) => said.push(`window ${seconds}`),
    setCeilingPct: (pct) => said.push(`ceiling ${pct}`),
    setLogLevel: (level) => said.push(`log ${level}`),
    announce: ({ kind, message }) => said.push(`${kind}: ${message}`),
  });
});

describe('settings of the order', () => {
  it('stand over those of the device, which stand again when the order leaves them out; a change is told, a start is not', () => {
    settings.apply({ windowSeconds: 10, logLevel: 'debug' });
    expect(said.splice(0)).toEqual(['window 10', 'ceiling 15', 'log debug']);
    settings.apply({ governorCpuPct: 5 });
    expect(said.splice(0)).toEqual([
      'window 60',
      'ceiling 5',
      'log info',
      'settings-changed: by the order: windowSeconds 10 → local, governorCpuPct local → 5, logLevel debug → local',
    ]);
    settings.apply({ governorCpuPct: 5 });
    expect(said.splice(0)).toEqual(['window 60', 'ceiling 5', 'log info']);
  });

  it('leave windows of at most five seconds while a canary has calls', () => {
    settings.apply({ windowSeconds: 10 });
    trials = true;
    settings.applyWindow();
    settings.apply({ windowSeconds: 2 });
    trials = false;
    settings.applyWindow();
    expect(said.filter((each) => each.startsWith('window'))).toEqual(['window 10', 'window 5', 'window 2', 'window 2']);
  });
});
