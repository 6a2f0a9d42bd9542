import type { RolloutView } from '@bellwether/control-plane/http/operator-api';
import type { FleetState } from './fleet-state.js';
import { formatClock } from './format.js';

const shown = 8;

/** The newest rollouts and how far each has come. */
export function RolloutList({ state }: { readonly state: FleetState }) {
  return (
    <section aria-labelledby="rollouts-title">
      <h2 id="rollouts-title">Rollouts</h2>
      <ul class="rollouts">
        {state.rollouts.value.slice(0, shown).map((rollout) => (
          <Rollout key={rollout.id} rollout={rollout} />
        ))}
        {state.rollouts.value.length === 0 && (
          <li class="empty">None yet: bellwether rollout create RELEASE --to all</li>
        )}
      </ul>
    </section>
  );
}

function Rollout({ rollout }: { readonly rollout: RolloutView }) {
  const up = rollout.devices.filter((d) => d.state === 'serving' || d.state === 'settled').length;
  const refused = rollout.devices.filter((d) => d.state === 'refused');
  const codes = [...new Set(refused.map((d) => d.code ?? 'refused'))].join(', ');
  const to =
    'all' in rollout.to
      ? 'all'
      : Object.entries(rollout.to.labels)
          .map(([k, v]) => `${k}=${v}`)
          .join(', ');
  return (
    <li>
      <div>
        <strong>{rollout.release}</strong> <span class="detail">to {to}</span>
        <span class={`badge ${rollout.phase}`}>{rollout.phase}</span>
        <time class="number">{formatClock(rollout.createdAtMs)}</time>
      </div>
      <progress
        max={Math.max(1, rollout.devices.length)}
        value={up}
        aria-label={`${up} of ${rollout.devices.length}`}
      />
      <div class="detail">
        {up} of {rollout.devices.length} serve it
        {refused.length > 0 && (
          <span class="refused">
            {' '}
            · {refused.length} refused: {codes}
          </span>
        )}
      </div>
    </li>
  );
}
