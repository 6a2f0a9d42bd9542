import { expect, it } from 'vitest';
import { seededDice } from '@bellwether/shared/seeded-dice';
import { hasFalseAlarm } from '../../../support/correlated-sensor.js';

/** False alarms among devices whose sensors are read once a second for half a day and never change. */
function falseAlarms(memorySeconds: number, apartMs?: number): number {
  const apart = apartMs === undefined ? {} : { apartMs };
  const devices = Array.from({ length: 4 }, (_, seed) =>
    hasFalseAlarm({ memorySeconds, hours: 12, dice: seededDice(1000 + seed), ...apart }),
  );
  return devices.filter(Boolean).length;
}

it('rows that hang together for five seconds raise no false alarms by the usual rule, one row in ten seconds', () => {
  expect(falseAlarms(5)).toBe(0);
});

it('rows that hang together for a minute raise none where the reference says so: two minutes apart', () => {
  expect(falseAlarms(60, 120_000)).toBe(0);
});

it('the rule is needed, and no more than a rule: where nobody says so they raise false alarms', () => {
  // Should this become 0, decision 0024 says too little.
  expect(falseAlarms(5, 1000)).toBe(4);
  expect(falseAlarms(60)).toBe(4);
});
