import { render } from 'preact';
import { Console } from './console.js';
import { FleetState } from './fleet-state.js';
import { LiveFeed } from './live-feed.js';
import { TokenStore } from './token-store.js';
import 'uplot/dist/uPlot.min.css';
import './style.css';

const root = document.querySelector('#console');
if (root !== null) {
  const tokens = new TokenStore(window.sessionStorage, window.location, window.history);
  const state = new FleetState();
  const feed = new LiveFeed(state, () => tokens.read());
  render(<Console state={state} feed={feed} tokens={tokens} />, root);
  feed.start();
}
