import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { FleetState } from './fleet-state.js';
import { formatClock } from './format.js';

const shown = 6;

/** The newest rollouts and how far each has come. */
export function RolloutList({ state }: { readonly state: FleetState }) {
  const rollouts = state.rollouts.value;
  return (
    <section aria-labelledby="rollouts-title">
      <h2 id="rollouts-title">Rollouts</h2>
      <ul class="rollouts">
        {rollouts.slice(0, shown).map((rollout) => (
          <Rollout key={rollout.id} rollout={rollout} />
        ))}
        {rollouts.length === 0 && (
          <li class="empty">
            None yet: <code>bellwether rollout create RELEASE --to all</code>
          </li>
        )}
      </ul>
    </section>
  );
}

function Rollout({ rollout }: { readonly rollout: RolloutView }) {
  const { release, phase, createdAtMs } = rollout;
  return (
    <li>
      <div class="rollout">
        <strong>{release}</strong>
        <span class={`badge ${phase}`}>{phase}</span>
        <time class="number">{formatClock(createdAtMs)}</time>
      </div>
      {phase === 'superseded' ? <div class="detail">to {targetOf(rollout)}</div> : <Progress rollout={rollout} />}
    </li>
  );
}

function Progress({ rollout }: { readonly rollout: RolloutView }) {
  const { release, devices } = rollout;
  const inState = (...states: readonly string[]) => devices.filter(({ state }) => states.includes(state));
  const up = inState('serving', 'settled').length;
  const refused = inState('refused');
  const silent = inState('silent').length;
  const codes = [...new Set(refused.map(({ code }) => code ?? 'refused'))].join(', ');
  return (
    <>
      <progress max={Math.max(1, devices.length)} value={up} aria-label={`${release} on its way`} />
      <div class="detail">
        to {targetOf(rollout)} · {up} of {devices.length} serve it
        {silent > 0 && ` · ${silent} silent`}
        {refused.length > 0 && (
          <span class="refused">
            {' '}
            · {refused.length} refused: {codes}
          </span>
        )}
      </div>
    </>
  );
}

function targetOf({ to }: RolloutView): string {
  if ('all' in to) return 'all';
  return Object.entries(to.labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
