import { DeviceTable } from './device-table.js';
import { EventList } from './event-list.js';
import { FleetCharts } from './fleet-charts.js';
import type { FleetState } from './fleet-state.js';
import { Header } from './header.js';
import type { LiveFeed } from './live-feed.js';
import { ReleaseShares } from './release-shares.js';
import { RolloutList } from './rollout-list.js';
import { SignIn } from './sign-in.js';
import type { TokenStore } from './token-store.js';

/** The page: the scoreboard, or the question for the token. */
export function Console(props: { readonly state: FleetState; readonly feed: LiveFeed; readonly tokens: TokenStore }) {
  const { state, feed, tokens } = props;
  if (state.connection.value === 'signed-out') {
    const signIn = (token: string) => {
      tokens.write(token);
      state.connection.value = 'connecting';
      feed.start();
    };
    return <SignIn signIn={signIn} />;
  }
  return (
    <>
      <Header state={state} />
      <main>
        <ReleaseShares state={state} />
        <FleetCharts state={state} />
        <DeviceTable state={state} />
        <div class="columns">
          <RolloutList state={state} />
          <EventList state={state} />
        </div>
      </main>
    </>
  );
}
