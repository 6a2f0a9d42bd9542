import { describe, expect, it } from 'vitest';
import { alertText, deviceAlertsText, watchText } from '@bellwether/control-plane/cli/alert-text';
import { alertOf, idOf } from '../../support/operator-views.js';

const server = 'http://127.0.0.1:8080';

describe('alerts at the command line', () => {
  it('have their numbers in words, and their cause with its sentence', () => {
    const attribution = {
      cause: 'undetermined',
      sentence: 'Undetermined: nothing sets them apart.',
      common: null,
    } as const;
    const text = alertText(alertOf('a1', { attribution, numbers: { devices: 1, fleetDevices: 3, errorPct: 5.1823 } }));
    expect(text).toMatch(/devices in the fleet +3\n/);
    expect(text).toMatch(/calls that failed +5\.18 %\n/);
    expect(text).toMatch(/cause +undetermined: nothing sets them apart\.\n/);
  });

  it('of one device are those that name it and are not over', () => {
    const subject = { device: idOf('mill') };
    const alerts = [
      alertOf('a1', { named: [idOf('hall')] }),
      alertOf('a2', { named: [], subject, severity: 'critical', sentence: 'It is hot.' }),
      alertOf('a3', { named: [idOf('mill')], isSilenced: true, sentence: 'It drifts.' }),
      alertOf('a4', { named: [idOf('mill')], state: 'resolved', resolvedAtMs: 1 }),
    ];
    expect(deviceAlertsText(idOf('mill'), alerts)).toBe(
      'a2 open, critical: It is hot.; a3 open, silenced, warning: It drifts.',
    );
    expect(deviceAlertsText(idOf('attic'), alerts)).toBe('–');
  });

  it('are watched aloud', () => {
    expect(watchText([alertOf('a1', { state: 'resolved', resolvedAtMs: 1 })], server)).toBe(
      `Watching ${server} until Ctrl-C; nothing is wrong now.`,
    );
    expect(watchText([alertOf('a1', { severity: 'critical' }), alertOf('a2', { severity: 'warning' })], server)).toBe(
      `Watching ${server} until Ctrl-C; 2 alerts are not resolved now, 1 critical:`,
    );
  });
});
