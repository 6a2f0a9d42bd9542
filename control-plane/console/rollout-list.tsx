import type { ReadonlySignal } from '@preact/signals';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatWhen } from './format.js';
import { hrefOf } from './place.js';
import { devicesIn, refusalCodes } from './rollout-count.js';
import { phaseText, stepText, targetOf } from './rollout-words.js';

interface ListProps {
  readonly rollouts: readonly RolloutView[];
  readonly now: ReadonlySignal<number>;
  /** Whoever looks may begin one here. */
  readonly canBegin?: boolean;
}

/** Rollouts, and how far each has come. */
export function RolloutList({ rollouts, now, canBegin = false }: ListProps) {
  return (
    <section aria-labelledby="rollouts-title">
      <div class="title-line">
        <h2 id="rollouts-title">Rollouts</h2>
        {canBegin && (
          <a class="button" href={hrefOf('rollouts', 'new')}>
            New rollout
          </a>
        )}
      </div>
      <ul class="rollouts">
        {rollouts.map((rollout) => (
          <Rollout key={rollout.id} rollout={rollout} now={now} />
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

/** Phases whose reason is to be read in the list: what waits for a person, and what ended otherwise than it was meant to. */
const told: ReadonlySet<string> = new Set(['held', 'paused', 'waiting', 'rolling-back', 'rolled-back', 'aborted']);

/** Reads the clock, and so is drawn each second by itself. */
function When({ atMs, now }: { readonly atMs: number; readonly now: ReadonlySignal<number> }) {
  return <>{formatWhen(atMs, now.value)}</>;
}

function Rollout({ rollout, now }: { readonly rollout: RolloutView; readonly now: ReadonlySignal<number> }) {
  const { id, release, phase, createdAtMs, reason } = rollout;
  return (
    <li>
      <div class="rollout">
        <a href={hrefOf('rollouts', id)}>
          <strong>{release}</strong>
        </a>
        <span class={`badge ${phase}`}>{phaseText(phase)}</span>
        <span class="detail">{id}</span>
        <time class="number">
          <When atMs={createdAtMs} now={now} />
        </time>
      </div>
      {reason !== null && told.has(phase) && <div class="reason">{reason.text}</div>}
      {phase === 'superseded' ? <div class="detail">to {targetOf(rollout)}</div> : <Progress rollout={rollout} />}
    </li>
  );
}

function Progress({ rollout }: { readonly rollout: RolloutView }) {
  const { release, deviceCount, step, steps } = rollout;
  const current = steps.find(({ state }) => state === 'current');
  const up = devicesIn(rollout, 'serving', 'settled');
  const split = devicesIn(rollout, 'canary');
  const refused = devicesIn(rollout, 'refused');
  const silent = devicesIn(rollout, 'silent');
  return (
    <>
      <progress max={Math.max(1, deviceCount)} value={up} aria-label={`${release} on its way`} />
      <div class="detail">
        {step !== null && current !== undefined && `step ${step + 1} of ${steps.length}: ${stepText(current)} · `}
        to {targetOf(rollout)} · {up} of {deviceCount} serve it
        {split > 0 && ` · ${split} with both arms`}
        {silent > 0 && ` · ${silent} silent`}
        {refused > 0 && (
          <span class="refused">
            {' '}
            · {refused} refused: {refusalCodes(rollout)}
          </span>
        )}
      </div>
    </>
  );
}
