import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { type FleetState, servedBy } from './fleet-state.js';
import { formatAgo, formatMs, formatPct, formatRate } from './format.js';
import { releaseColour } from './release-colour.js';

/** Each device with its release, health, load, latency, CPU and when it was last seen. */
export function DeviceTable({ state }: { readonly state: FleetState }) {
  const devices = [...state.devices.value.values()].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  return (
    <section aria-labelledby="devices-title">
      <h2 id="devices-title">Devices</h2>
      <div class="scroll">
        <table class="devices">
          <thead>
            <tr>
              <th>device</th>
              <th>health</th>
              <th>serves</th>
              <th class="number">req/s</th>
              <th class="number">p50</th>
              <th class="number">p99</th>
              <th class="number" title="of one core">
                CPU agent
              </th>
              <th class="number" title="of one core">
                CPU runners
              </th>
              <th class="number">last seen</th>
            </tr>
          </thead>
          <tbody>
            {devices.map((device) => (
              <DeviceRow key={device.id} device={device} state={state} />
            ))}
          </tbody>
        </table>
      </div>
      {devices.length === 0 && <p class="empty">No device yet: bellwether token create, then start an agent.</p>}
    </section>
  );
}

function DeviceRow({ device, state }: { readonly device: DeviceView; readonly state: FleetState }) {
  const health = healthOf(device);
  const live = device.presence === 'online' ? device.live : null;
  const cut = device.id.lastIndexOf('-');
  return (
    <tr class={device.presence}>
      <td>
        <strong>{device.id.slice(0, cut)}</strong> <span class="fingerprint">{device.id.slice(cut + 1)}</span>
        <div class="labels">
          {Object.entries(device.labels).map(([key, value]) => (
            <span key={key} class="label">
              {key}={value}
            </span>
          ))}
        </div>
      </td>
      <td>
        <span class={`health ${health.level}`}>{health.word}</span>
        {health.detail !== '' && <div class="detail">{health.detail}</div>}
      </td>
      <td>
        <Serves device={device} state={state} />
      </td>
      <td class="number">{formatRate(live?.requestsPerSecond)}</td>
      <td class="number">{formatMs(live?.p50Ms)}</td>
      <td class="number">{formatMs(live?.p99Ms)}</td>
      <td class="number">{formatPct(live?.agentCpuPct)}</td>
      <td class="number">{formatPct(live?.runnersCpuPct)}</td>
      <td class="number">{formatAgo(device.lastSeenMs, state.nowMs.value)}</td>
    </tr>
  );
}

function Serves({ device, state }: { readonly device: DeviceView; readonly state: FleetState }) {
  const served = servedBy(device);
  const installs = (device.report?.models ?? []).flatMap((m) =>
    m.install === null ? [] : [`${m.model}@${m.install.version} ${m.install.phase}`],
  );
  return (
    <>
      {served.map((release) => (
        <div key={release} class="release">
          <i class="swatch" style={{ background: releaseColour(release, state.releases.value.keys()) }} />
          {release}
        </div>
      ))}
      {installs.map((text) => (
        <div key={text} class="detail">
          → {text}
        </div>
      ))}
      {served.length === 0 && installs.length === 0 && <span class="empty">nothing</span>}
    </>
  );
}

interface Health {
  readonly level: 'good' | 'warning' | 'bad' | 'off';
  readonly word: string;
  readonly detail: string;
}

/** One word and, where something was refused, the code. A device that keeps serving after a refusal is not ill. */
function healthOf(device: DeviceView): Health {
  if (device.presence !== 'online') return { level: 'off', word: 'offline', detail: '' };
  const report = device.report;
  if (report === null) return { level: 'off', word: 'joined', detail: 'no report yet' };
  const refused = report.models.find((m) => m.refusal !== null);
  const detail =
    report.orderRefusal !== null
      ? `order refused: ${report.orderRefusal.code}`
      : refused?.refusal
        ? `${refused.model}@${refused.refusal.version} refused: ${refused.refusal.code}`
        : '';
  if (report.health === 'critical') return { level: 'bad', word: 'critical', detail };
  if (report.health === 'degraded') return { level: 'warning', word: 'degraded', detail };
  if (detail !== '') return { level: 'warning', word: 'guarded', detail };
  return { level: 'good', word: report.state === 'working' ? 'installing' : 'healthy', detail };
}
