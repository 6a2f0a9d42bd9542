import { AlertHead } from './alert-card.js';
import { alertsOf } from './alert-words.js';
import type { FleetState } from './fleet-state.js';

const shown = 6;

/** What is wrong with one device, and was lately; nothing at all where nothing was. */
export function DeviceAlerts({ state, device }: { readonly state: FleetState; readonly device: string }) {
  const alerts = alertsOf(device, state.alerts.value);
  if (alerts.length === 0) return null;
  return (
    <section aria-labelledby="device-alerts-title">
      <h2 id="device-alerts-title">Alerts</h2>
      <ul class="alerts short">
        {alerts.slice(0, shown).map((alert) => (
          <li key={alert.id} class={`alert ${alert.state === 'resolved' ? '' : alert.severity}`}>
            <AlertHead alert={alert} nowMs={state.nowMs.value} />
            <p>{alert.sentence}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
