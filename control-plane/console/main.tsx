import { options, render } from 'preact';
import { Console } from './console.js';
import { FleetState } from './fleet-state.js';
import { LiveFeed } from './live-feed.js';
import { placeOf } from './place.js';
import { ServerApi } from './server-api.js';
import { closeSession, openSession } from './session.js';
import { TokenStore } from './token-store.js';
import 'uplot/dist/uPlot.min.css';
import './theme.css';
import './page.css';
import './releases.css';
import './drift.css';
import './charts.css';
import './devices.css';
import './rollout-list.css';
import './events.css';
import './controls.css';
import './decisions.css';
import './alerts.css';
import './rollouts.css';
import './new-rollout.css';

// However much arrives, the page is drawn at most once a frame, and not at all while nobody sees it.
options.debounceRendering = requestAnimationFrame;

const root = document.querySelector('#console');
if (root !== null) {
  const { sessionStorage: storage, location, history } = window;
  const tokens = new TokenStore({ storage, location, history });
  const state = new FleetState();
  const feed = new LiveFeed(state, tokens);
  const api = new ServerApi(state.who, () => tokens.read());
  const waysIn = {
    byToken: (token: string) => {
      tokens.write(token);
      feed.start();
    },
    byPassword: async (name: string, password: string) => {
      const problem = await openSession(name, password);
      if (problem === undefined) feed.start();
      return problem;
    },
  };
  const signOut = async () => {
    // Before the session ends, so that the server need not break the connection off.
    feed.stop();
    // A token is other programs' too: here it is forgotten, and nowhere ended.
    if (tokens.read() === null) await closeSession();
    tokens.forget();
    feed.start();
  };
  const goTo = () => {
    state.place.value = placeOf(location.hash);
  };
  tokens.takeFromLink();
  goTo();
  // A link with a token that is opened in this very tab changes the fragment only, and loads nothing.
  window.addEventListener('hashchange', () => {
    if (tokens.takeFromLink()) feed.start();
    goTo();
    window.scrollTo(0, 0);
  });
  feed.start();
  render(<Console state={state} api={api} waysIn={waysIn} signOut={() => void signOut()} />, root);
}
