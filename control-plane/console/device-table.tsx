import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { healthOf } from './device-health.js';
import { holdText } from './device-hold-words.js';
import type { FleetState } from './fleet-state.js';
import { formatAgo, formatMs, formatPct, formatRate, splitDeviceId } from './format.js';
import { Labels } from './labels.js';
import { hrefOf } from './place.js';
import { canariesOf, servedBy } from './served-releases.js';

/** Each device with its release, health, load, latency, CPU and when it was last seen. */
export function DeviceTable({ state }: { readonly state: FleetState }) {
  const devices = [...state.devices.value.values()].sort((a, b) => inOrder.compare(a.id, b.id));
  return (
    <section aria-labelledby="devices-title" class="devices-card">
      <h2 id="devices-title">Devices</h2>
      {devices.length === 0 ? (
        <p class="empty">
          No device yet: <code>bellwether token create</code>, then start an agent with it.
        </p>
      ) : (
        // A region that scrolls must be reachable by keyboard. The roles say what CSS hides where rows become cards.
        <div class="scroll" role="region" aria-labelledby="devices-title" tabIndex={0}>
          <table class="devices" role="table">
            <Head />
            <tbody role="rowgroup">
              {devices.map((device) => (
                <DeviceRow key={device.id} device={device} state={state} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const inOrder = new Intl.Collator('en', { numeric: true });

/** Headers of the columns; a phone, where rows are cards, shows them in the cells. */
const figures = ['req/s', 'p50', 'p99', 'agent CPU', 'runner CPU', 'last seen'] as const;

function Head() {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {['device', 'health', 'serves'].map((name) => (
          <th key={name} role="columnheader" scope="col">
            {name}
          </th>
        ))}
        {figures.map((name) => (
          <th
            key={name}
            role="columnheader"
            scope="col"
            class="number"
            title={name.endsWith('CPU') ? 'of one core' : ''}
          >
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly device: DeviceView;
  readonly state: FleetState;
}

/** Reads a signal, and so is drawn again only when its device is another object or a colour changed. */
function DeviceRow({ device, state }: RowProps) {
  const colours = state.colours.value;
  const { name, fingerprint } = splitDeviceId(device.id);
  const health = healthOf(device);
  const live = device.presence === 'online' ? device.live : null;
  return (
    <tr role="row" class={device.presence}>
      <th role="rowheader" scope="row">
        <a href={hrefOf('devices', device.id)}>{name}</a> <span class="fingerprint">{fingerprint}</span>
        <Labels labels={device.labels} />
      </th>
      <td role="cell" class="wide">
        <span class={`health ${health.level}`}>{health.word}</span>
        {health.detail !== '' && <span class="detail">{health.detail}</span>}
        {device.holds.map((hold) => (
          <span key={holdText(hold)} class="held">
            {holdText(hold)}
          </span>
        ))}
      </td>
      <td role="cell" class="wide">
        <Serves device={device} colours={colours} />
      </td>
      <Figure name={figures[0]} text={formatRate(live?.requestsPerSecond)} />
      <Figure name={figures[1]} text={formatMs(live?.p50Ms)} />
      <Figure name={figures[2]} text={formatMs(live?.p99Ms)} />
      <Figure name={figures[3]} text={formatPct(live?.agentCpuPct)} />
      <Figure name={figures[4]} text={formatPct(live?.runnersCpuPct)} />
      <LastSeen device={device} state={state} />
    </tr>
  );
}

function Figure({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <td role="cell" class="number" data-name={name}>
      {text}
    </td>
  );
}

/** The one cell that changes with the clock. */
function LastSeen({ device, state }: RowProps) {
  return <Figure name={figures[5]} text={formatAgo(device.lastSeenMs, state.nowMs.value)} />;
}

function Serves({ device, colours }: { readonly device: DeviceView; readonly colours: ReadonlyMap<string, string> }) {
  const served = servedBy(device);
  const installs = (device.report?.models ?? []).flatMap(({ model, install }) =>
    install === null ? [] : [{ release: `${model}@${install.version}`, ...install }],
  );
  return (
    <>
      {served.map((release) => (
        <span key={release} class="release">
          <i class="swatch" style={{ background: colours.get(release) }} />
          {release}
        </span>
      ))}
      {canariesOf(device).map(({ release, detail }) => (
        <span key={release} class="detail">
          <i class="swatch" style={{ background: colours.get(release) }} />
          {release} {detail}
        </span>
      ))}
      {installs.map(({ release, phase, bytes, totalBytes }) => (
        <span key={release} class="detail">
          → {release} {phase}
          {bytes !== undefined && totalBytes !== undefined && ` ${formatPct((100 * bytes) / Math.max(1, totalBytes))}`}
        </span>
      ))}
      {served.length === 0 && installs.length === 0 && <span class="detail">nothing</span>}
    </>
  );
}
