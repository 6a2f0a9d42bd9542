import { expect, it } from 'vitest';
import { ruleFacts } from '@bellwether/control-plane/alerts/alert-rule';
import { alertNumbers, alertNumberTexts, durationText } from '@bellwether/shared/contract/alert-numbers';

it('has words for every number that a rule can tell', () => {
  const told = ['devices', 'fleetDevices', ...Object.values(ruleFacts).map(({ number }) => number)];
  expect(Object.keys(alertNumbers).toSorted()).toEqual([...new Set(told)].toSorted());
});

it('tells each with its unit, and nothing of what is only said', () => {
  const numbers = {
    devices: 5,
    fleetDevices: 1000,
    silentSeconds: 404,
    errorPct: 5.1823,
    driftedValues: 2,
    falls: 1,
    minutesToLimit: 150,
    lostInAnHour: 12_345,
    skewSeconds: 61.5,
    daysLeft: 20.37,
    hoursAgo: 0.5,
  };
  expect(alertNumberTexts(numbers)).toEqual([
    ['devices', '5'],
    ['devices in the fleet', '1000'],
    ['silent for', '7 min'],
    ['calls that failed', '5.18 %'],
    ['values that have drifted', '2'],
    ['time to the limit', '2.5 h'],
    ['windows and events lost in an hour', '12345'],
    ['clock off by', '62 s'],
    ['time left', '20.4 d'],
    ['since the twin was seen', '30 min'],
  ]);
});

it('bears the numbers of a newer server: their names end in their units', () => {
  expect(alertNumberTexts({ restartsIn15Minutes: 4, p99Ms: 12.345, idleSeconds: 30, freePct: 7 })).toEqual([
    ['restarts in 15 minutes', '4'],
    ['p99', '12.3 ms'],
    ['idle', '30 s'],
    ['free', '7 %'],
  ]);
});

it('says how long in the unit that fits', () => {
  expect([0, 119, 120, 7199, 7200, 12_600, 172_800].map(durationText)).toEqual([
    '0 s',
    '119 s',
    '2 min',
    '120 min',
    '2 h',
    '3.5 h',
    '2 d',
  ]);
});
