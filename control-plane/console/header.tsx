import type { Connection, FleetState } from './fleet-state.js';
import { formatMs, formatRate } from './format.js';
import { OpenAlerts } from './open-alerts.js';
import { WaitingRollouts } from './waiting-rollouts.js';
import { WhoIsHere } from './who.js';

const connectionWords: Readonly<Record<Connection, string>> = {
  connecting: 'connecting …',
  live: 'live',
  lost: 'connection lost, trying again',
  'signed-out': 'signed out',
  refused: 'signed out',
};

interface HeaderProps {
  readonly state: FleetState;
  readonly signOut: () => void;
}

/** Name, open alerts, which rollouts wait for a person, the fleet in four numbers, whether the page is live, and who looks at it. */
export function Header({ state, signOut }: HeaderProps) {
  const devices = [...state.devices.value.values()];
  const online = devices.filter((device) => device.presence === 'online');
  const rate = online.reduce((sum, device) => sum + (device.live?.requestsPerSecond ?? 0), 0);
  const errors = online.reduce((sum, device) => sum + (device.live?.errorsPerSecond ?? 0), 0);
  const p99s = online.flatMap((device) => device.live?.p99Ms ?? []);
  const connection = state.connection.value;
  return (
    <header>
      <h1>
        <img src="./icon.svg" alt="" width="24" height="24" /> Bellwether
      </h1>
      {state.status.value?.development === true && (
        <span class="badge warning" title="The signing keys are a development set: fit for trying out only">
          development keys
        </span>
      )}
      {state.status.value?.transport === 'plaintext-network' && (
        <span class="badge warning" title="The server listens on a network without TLS: tokens can be read on the way">
          not encrypted
        </span>
      )}
      <OpenAlerts state={state} />
      <WaitingRollouts waiting={state.status.value?.waitingRollouts ?? []} />
      <span class={`badge connection ${connection}`} role="status">
        {connectionWords[connection]}
      </span>
      {state.who.value !== null && <WhoIsHere who={state.who.value} signOut={signOut} />}
      <dl class="figures">
        <Figure name="devices online" value={`${online.length} of ${devices.length}`} />
        <Figure name="requests / s" value={formatRate(rate)} />
        <Figure name="errors / s" value={formatRate(errors)} isBad={errors > 0} />
        <Figure name="p99, slowest device" value={formatMs(p99s.length === 0 ? null : Math.max(...p99s))} />
      </dl>
    </header>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly isBad?: boolean;
}

function Figure({ name, value, isBad = false }: FigureProps) {
  return (
    <div class={isBad ? 'bad' : ''}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
