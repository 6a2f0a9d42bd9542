import { Attention } from './attention.js';
import { DayCharts } from './day-charts.js';
import { DeviceTable } from './device-table.js';
import { DriftPanel } from './drift-panel.js';
import { EventList } from './event-list.js';
import { FleetCharts } from './fleet-charts.js';
import type { PageProps } from './page.js';
import { ReleaseShares } from './release-shares.js';
import { RolloutList } from './rollout-list.js';

const shownRollouts = 6;

/** The scoreboard: what the fleet serves, how fast, and what happened last. */
export function FleetPage({ state, api }: PageProps) {
  return (
    <>
      <Attention state={state} />
      <ReleaseShares state={state} />
      <DriftPanel state={state} api={api} />
      <FleetCharts state={state} />
      <DayCharts state={state} api={api} />
      <div class="columns">
        <DeviceTable state={state} />
        <div class="aside">
          <RolloutList now={state.nowMs} rollouts={state.rollouts.value.slice(0, shownRollouts)} />
          <EventList events={state.events.value} fleetSize={state.devices.value.size} />
        </div>
      </div>
    </>
  );
}
