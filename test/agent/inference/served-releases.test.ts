import { describe, expect, it } from 'vitest';
import type { ObservedArm } from '@bellwether/agent/inference/observer';
import { ServedReleases } from '@bellwether/agent/inference/served-releases';
import { Recorder } from '@bellwether/agent/telemetry/recorder';
import { ManualClock } from '../../support/manual-clock.js';

function setUp() {
  const clock = new ManualClock();
  return new ServedReleases(clock, new Recorder(clock.now()));
}

const manifestOf = (n: number) => n.toString(16).padStart(64, '0');
const armOf = (n: number): ObservedArm => ({
  model: 'digits',
  version: `1.0.${n}`,
  manifest: manifestOf(n),
  arm: 'stable',
  segment: 0,
});
const answerOf = (n: number) => ({
  ...armOf(n),
  computeMicros: 10,
  totalMicros: 20,
  reading: [],
  invalid: false,
  classes: 0,
});
const servingOf = (n: number, sinceMs: number) => ({
  model: 'digits',
  serving: { version: `1.0.${n}`, manifest: manifestOf(n), sinceMs, phase: 'settled' as const },
  install: null,
  refusal: null,
});

describe('what receipts say of served releases', () => {
  it('counts what each one answered and failed, over all receipts', () => {
    const served = setUp();
    served.answered(answerOf(1));
    served.failed({ ...armOf(1), code: 'deadline' });
    expect(served.list([servingOf(1, 7)])).toMatchObject([{ sinceMs: 7, serves: true, answered: 1, failed: 1 }]);
    served.answered(answerOf(1));
    expect(served.list([servingOf(1, 7)])).toMatchObject([{ answered: 2, failed: 1 }]);
  });

  it('names what serves before it has answered, and what has served before', () => {
    const served = setUp();
    served.answered(answerOf(1));
    served.list([servingOf(1, 7)]);
    expect(served.list([servingOf(2, 9)])).toMatchObject([
      { version: '1.0.2', sinceMs: 9, serves: true, answered: 0 },
      { version: '1.0.1', sinceMs: 7, serves: false, answered: 1 },
    ]);
  });

  it('forgets the oldest of more than 128, and never what serves', () => {
    const served = setUp();
    served.list([servingOf(0, 1)]);
    for (let n = 1; n <= 140; n++) served.answered(answerOf(n));
    const listed = served.list([servingOf(0, 1)]);
    expect(listed).toHaveLength(128);
    expect(listed[0]).toMatchObject({ version: '1.0.0', serves: true });
    expect(listed.at(-1)).toMatchObject({ version: '1.0.14' });
  });
});
