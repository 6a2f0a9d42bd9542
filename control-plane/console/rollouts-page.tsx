import type { ReadonlySignal } from '@preact/signals';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatAgo, formatDate } from './format.js';
import { NewRollout } from './new-rollout.js';
import type { PageProps } from './page.js';
import { hrefOf } from './place.js';
import { RolloutActions } from './rollout-actions.js';
import { RolloutArms } from './rollout-arms.js';
import { RolloutDevices } from './rollout-devices.js';
import { RolloutEvidence } from './rollout-evidence.js';
import { RolloutList } from './rollout-list.js';
import { RolloutSteps } from './rollout-steps.js';
import { RolloutTimeline } from './rollout-timeline.js';
import { RolloutVerdicts } from './rollout-verdicts.js';
import { phaseText, targetOf } from './rollout-words.js';
import { Timeline } from './timeline.js';

/** Every rollout; or one: how far it is, what its evidence says, who waits for what, and what a person may do about it. */
export function RolloutsPage({ state, api, subject }: PageProps) {
  if (subject === null)
    return <RolloutList now={state.nowMs} rollouts={state.rollouts.value} canBegin={api.may('POST /rollouts')} />;
  if (subject === 'new') return <NewRollout state={state} api={api} />;
  const rollout = state.rollouts.value.find(({ id }) => id === subject);
  if (rollout === undefined) {
    return (
      <section>
        <p class="empty">
          There is no rollout {subject}. <a href={hrefOf('rollouts')}>All rollouts</a>
        </p>
      </section>
    );
  }
  return (
    <>
      <section aria-labelledby="rollout-title">
        <div class="title-line">
          <h2 id="rollout-title" class="name">
            {rollout.release} <span class={`badge ${rollout.phase}`}>{phaseText(rollout.phase)}</span>
          </h2>
          <RolloutActions api={api} rollout={rollout} />
        </div>
        <Standing rollout={rollout} now={state.nowMs} />
      </section>
      <RolloutSteps steps={rollout.steps} now={state.nowMs} />
      <RolloutEvidence rollout={rollout} />
      <RolloutArms arms={rollout.arms} colours={state.colours.value} />
      <RolloutTimeline timeline={rollout.timeline} />
      <RolloutVerdicts api={api} rollout={rollout} />
      <RolloutDevices rollout={rollout} />
      <Timeline state={state} api={api} about={{ rollout: rollout.id }} />
    </>
  );
}

interface StandingProps {
  readonly rollout: RolloutView;
  readonly now: ReadonlySignal<number>;
}

/** Reads the clock, and so is drawn each second by itself. */
function Standing({ rollout, now }: StandingProps) {
  const { reason, waitsFor, policy, createdAtMs } = rollout;
  return (
    <>
      {reason !== null && (
        <p class={rollout.phase === 'held' || rollout.phase.startsWith('rol') ? 'alarm' : 'note'}>{reason.text}</p>
      )}
      {waitsFor !== null && <p class="story">Waits for {waitsFor}</p>}
      <p class="detail">
        {rollout.id} · policy {policy} · to {targetOf(rollout)} · since {formatDate(createdAtMs)} (
        {formatAgo(createdAtMs, now.value)})
      </p>
    </>
  );
}
