import { DeviceTable } from './device-table.js';
import { EventList } from './event-list.js';
import { FleetCharts } from './fleet-charts.js';
import type { FleetState } from './fleet-state.js';
import { Header } from './header.js';
import { ReleaseShares } from './release-shares.js';
import { RolloutList } from './rollout-list.js';
import { SignIn } from './sign-in.js';

interface ConsoleProps {
  readonly state: FleetState;
  readonly signIn: (token: string) => void;
}

/** The page: the scoreboard, or the question for the token. */
export function Console({ state, signIn }: ConsoleProps) {
  const connection = state.connection.value;
  if (connection === 'signed-out' || connection === 'refused') {
    return <SignIn wasRefused={connection === 'refused'} signIn={signIn} />;
  }
  return (
    <>
      <Header state={state} />
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
