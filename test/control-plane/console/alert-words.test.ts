import { describe, expect, it } from 'vitest';
import {
  alertsOf,
  causeText,
  forecastText,
  inOrder,
  numberTexts,
  openAlerts,
} from '@bellwether/control-plane/console/alert-words';
import { alertOf, idOf } from '../../support/operator-views.js';

const minuteMs = 60_000;

describe('alerts', () => {
  it('come open and worst first, silenced ones after those that are heard, and resolved ones by their end', () => {
    const alerts = [
      alertOf('a1', { state: 'resolved', resolvedAtMs: 10, severity: 'critical' }),
      alertOf('a2', { state: 'resolved', resolvedAtMs: 20 }),
      alertOf('a3', { state: 'acknowledged', severity: 'critical' }),
      alertOf('a4', { isSilenced: true, severity: 'critical' }),
      alertOf('a5', { openedAtMs: 1 }),
      alertOf('a6', { openedAtMs: 2 }),
      alertOf('a7', { severity: 'critical' }),
    ];
    expect(inOrder(alerts).map(({ id }) => id)).toEqual(['a7', 'a6', 'a5', 'a4', 'a3', 'a2', 'a1']);
    expect(openAlerts(alerts).map(({ id }) => id)).toEqual(['a5', 'a6', 'a7']);
  });

  it('are those of a device by name and by subject', () => {
    const subject = { device: idOf('mill') };
    const alerts = [alertOf('a1'), alertOf('a2', { named: [], subject }), alertOf('a3', { named: [idOf('mill')] })];
    expect(alertsOf(idOf('mill'), alerts).map(({ id }) => id)).toEqual(['a2', 'a3']);
  });

  it('say their cause in words, and its sentence once', () => {
    const attribution = { cause: 'model', sentence: '9 of 10 failures are the canary’s.', common: null } as const;
    expect(causeText({ attribution, sentence: 'It fails.' })).toBe(
      'The release causes it: 9 of 10 failures are the canary’s.',
    );
    expect(causeText({ attribution, sentence: `It fails. ${attribution.sentence}` })).toBe('The release causes it.');
    expect(causeText({ attribution: null, sentence: 'It fails.' })).toBeNull();
    const unknown = {
      cause: 'undetermined',
      sentence: 'Undetermined: nothing sets them apart.',
      common: null,
    } as const;
    expect(causeText({ attribution: unknown, sentence: 'It fails.' })).toBe(
      'The cause cannot be told yet: nothing sets them apart.',
    );
  });

  it('say when a limit is reached, and how early or late', () => {
    const forecast = { atMs: 90 * minuteMs, earliestMs: 60 * minuteMs, latestMs: 180 * minuteMs };
    expect(forecastText(forecast, 0)).toBe(
      'At its limit in about 90 min if it goes on like this: 60 min at the earliest, 3.0 h at the latest.',
    );
    expect(forecastText({ ...forecast, latestMs: null }, 30 * minuteMs)).toContain(
      '60 min if it goes on like this: 30 min at the earliest, or much later.',
    );
    expect(forecastText(forecast, 91 * minuteMs)).toBe('It should be at its limit by now.');
  });

  it('have numbers in words, and of the devices none: they are said beside them', () => {
    const numbers = {
      devices: 3,
      fleetDevices: 9,
      silentSeconds: 312,
      errorPct: 2.512,
    };
    expect(numberTexts(numbers)).toEqual([
      ['silent for', '5 min'],
      ['calls that failed', '2.51 %'],
    ]);
  });
});
