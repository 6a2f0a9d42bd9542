import { describe, expect, it } from 'vitest';
import { FleetState } from '@bellwether/control-plane/console/fleet-state';
import { alertOf, overview } from '../../support/operator-views.js';

describe('alerts that the page knows', () => {
  it('are those of the overview, then each as it was told last, the newest first', () => {
    const state = new FleetState();
    state.take([{ name: 'overview', payload: overview({ alerts: [alertOf('a1')] }) }]);
    state.take([
      { name: 'alert', payload: alertOf('a2', { openedAtMs: 1_700_000_001_000 }) },
      { name: 'alert', payload: alertOf('a1', { state: 'resolved' }) },
    ]);
    expect(state.alerts.value.map(({ id, state: is }) => [id, is])).toEqual([
      ['a2', 'open'],
      ['a1', 'resolved'],
    ]);
  });
});
