import { DeviceTable } from './device-table.js';
import { EventList } from './event-list.js';
import { FleetCharts } from './fleet-charts.js';
import type { FleetState } from './fleet-state.js';
import { Header } from './header.js';
import { ReleaseShares } from './release-shares.js';
import { RolloutList } from './rollout-list.js';
import { SignIn, type WaysIn } from './sign-in.js';

interface ConsoleProps {
  readonly state: FleetState;
  readonly waysIn: WaysIn;
  readonly signOut: () => void;
}

/** The page: the scoreboard, or the question who it is. */
export function Console({ state, waysIn, signOut }: ConsoleProps) {
  const connection = state.connection.value;
  if (connection === 'signed-out' || connection === 'refused') {
    return <SignIn wasRefused={connection === 'refused'} {...waysIn} />;
  }
  // Who it is shows in a moment: until then neither the fleet nor the question.
  if (connection === 'connecting' && state.who.value === null) return null;
  return (
    <>
      <Header state={state} signOut={signOut} />
      {state.status.value !== null && (
        <main>
          <ReleaseShares state={state} />
          <FleetCharts state={state} />
          <div class="columns">
            <DeviceTable state={state} />
            <div class="aside">
              <RolloutList state={state} />
              <EventList state={state} />
            </div>
          </div>
        </main>
      )}
    </>
  );
}
