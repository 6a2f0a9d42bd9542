import { openAlerts } from './alert-words.js';
import type { FleetState } from './fleet-state.js';
import { formatCount } from './format.js';
import { hrefOf } from './place.js';

/** On every page: how many alerts are open, and the way there. */
export function OpenAlerts({ state }: { readonly state: FleetState }) {
  const open = openAlerts(state.alerts.value);
  if (open.length === 0) return null;
  const critical = open.filter(({ severity }) => severity === 'critical').length;
  return (
    <a class={`badge waits ${critical > 0 ? 'bad' : 'warning'}`} href={hrefOf('alerts')}>
      {formatCount(open.length, 'alert')}
      {critical > 0 && `, ${critical} critical`}
    </a>
  );
}
