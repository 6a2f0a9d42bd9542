import { beforeEach, describe, expect, it } from 'vitest';
import { FleetState } from '@bellwether/control-plane/console/fleet-state';
import { deviceView, idOf, overview, releaseView, rolloutView, timelineEvent } from '../../support/operator-views.js';

let state: FleetState;
beforeEach(() => {
  state = new FleetState();
});

const first = overview({
  devices: [deviceView('harbour', '1.0.0'), deviceView('workshop', '1.0.0')],
  releases: [releaseView('1.0.0')],
  rollouts: [rolloutView('1.0.0')],
  events: [timelineEvent('harbour')],
});

function rates(): Array<Readonly<Record<string, number>> | null> {
  return state.samples.value.map(
    ({ requestsPerSecond }) => requestsPerSecond && Object.fromEntries(requestsPerSecond.entries()),
  );
}

describe('what the page knows', () => {
  it('is replaced by an overview: what is gone on the server is gone here', () => {
    expect(state.connection.value).toBe('connecting');
    state.take([{ name: 'overview', payload: first }]);
    expect(state.connection.value).toBe('live');
    state.take([{ name: 'overview', payload: overview({ devices: [deviceView('harbour')] }) }]);
    expect([...state.devices.value.keys()]).toEqual([idOf('harbour')]);
    expect([state.releases.value.size, state.rollouts.value.length, state.events.value.length]).toEqual([0, 0, 0]);
  });

  it('takes each change, the last word on each thing', () => {
    const later = rolloutView('1.1.0', { createdAtMs: 2_000_000_000_000 });
    state.take([
      { name: 'overview', payload: first },
      { name: 'device', payload: deviceView('harbour', '1.0.0') },
      { name: 'device', payload: deviceView('harbour', '1.1.0') },
      { name: 'device', payload: deviceView('greenhouse') },
      { name: 'release', payload: releaseView('1.1.0') },
      { name: 'rollout', payload: later },
      { name: 'rollout', payload: { ...later, phase: 'done' } },
    ]);
    expect(state.devices.value.size).toBe(3);
    expect(state.devices.value.get(idOf('harbour'))?.report?.models[0]?.serving?.version).toBe('1.1.0');
    expect([...state.releases.value.keys()]).toEqual(['digits@1.0.0', 'digits@1.1.0']);
    expect(state.rollouts.value.map(({ id, phase }) => [id, phase])).toEqual([
      ['rollout-1.1.0', 'done'],
      ['rollout-1.0.0', 'rolling'],
    ]);
  });

  it('shows those who look one change for all that arrived together', () => {
    let looks = 0;
    const stop = state.devices.subscribe(() => looks++);
    const names = Array.from({ length: 200 }, (_, i) => `device-${i}`);
    state.take(names.map((name) => ({ name: 'device', payload: deviceView(name, '1.0.0') })));
    stop();
    expect(looks).toBe(2); // at once, and then the change
    expect(state.devices.value.size).toBe(200);
  });

  it('keeps an event once that the overview and the feed both tell', () => {
    state.take([{ name: 'overview', payload: first }]);
    state.take([{ name: 'event', payload: timelineEvent('harbour') }]);
    state.take([{ name: 'event', payload: timelineEvent('workshop') }]);
    expect(state.events.value.map(({ device }) => device)).toEqual([idOf('workshop'), idOf('harbour')]);
  });

  it('does not grow with time', () => {
    state.connection.value = 'live';
    for (let i = 0; i < 400; i++) {
      state.take([{ name: 'event', payload: timelineEvent('harbour', { atMs: i, id: i }) }]);
      state.sample(i * 1000);
    }
    expect([state.events.value.length, state.samples.value.length]).toEqual([300, 300]);
    expect([state.events.value[0]?.atMs, state.samples.value.at(-1)?.atMs]).toEqual([399, 399_000]);
  });

  it('samples only what is live: a lost connection leaves a gap', () => {
    state.take([{ name: 'overview', payload: first }]);
    state.connection.value = 'live';
    state.sample(1000);
    state.connection.value = 'lost';
    state.sample(2000);
    expect(rates()).toEqual([{ 'digits@1.0.0': 40 }, null]);
    expect(state.nowMs.value).toBe(2000);
  });

  it('has a colour for what is in the catalogue and for what is served beyond it, and keeps it', () => {
    state.take([{ name: 'overview', payload: first }]);
    const before = state.colours.value;
    state.take([{ name: 'device', payload: deviceView('harbour', '1.0.0', { presence: 'offline' }) }]);
    expect(state.colours.value).toBe(before);
    state.take([{ name: 'device', payload: deviceView('harbour', '1.1.0') }]);
    expect([...state.colours.value.keys()]).toEqual(['digits@1.0.0', 'digits@1.1.0']);
  });
});
