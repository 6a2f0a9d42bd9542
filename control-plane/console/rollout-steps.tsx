import type { RolloutStepView } from '@bellwether/control-plane/http/rollout-api';
import { formatClock, formatCount } from './format.js';
import { exposureOf } from './rollout-words.js';

/** The steps from left to right: how many devices and calls each shows, and how full the current one is. */
export function RolloutSteps({ steps }: { readonly steps: readonly RolloutStepView[] }) {
  if (steps.length === 0) return null;
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">Steps</h2>
      <ol class="steps">
        {steps.map((step, index) => (
          <Step key={index} step={step} number={index + 1} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step, number }: { readonly step: RolloutStepView; readonly number: number }) {
  const { state, cohortSize, approval } = step;
  return (
    <li class={state} aria-current={state === 'current' ? 'step' : undefined}>
      <strong>
        {number} · {exposureOf(step)}
      </strong>
      <progress max={Math.max(1, cohortSize)} value={filled(step)} aria-label={`devices of step ${number}`} />
      <div class="detail">
        {state === 'current' && currentText(step)}
        {/* Of a rollout that has ended the devices are another's. */}
        {state !== 'current' && cohortSize > 0 && formatCount(cohortSize, 'device')}
        {state === 'ahead' && approval === true && ' · needs an approval'}
      </div>
    </li>
  );
}

function filled({ state, cohortSize, ready }: RolloutStepView): number {
  if (state === 'current' || state === 'ended') return ready;
  return state === 'left' ? Math.max(1, cohortSize) : 0;
}

function currentText({ ready, cohortSize, failed, silent, startedAtMs }: RolloutStepView): string {
  return [
    `${ready} of ${formatCount(cohortSize, 'device')} ready`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
    ...(startedAtMs === null ? [] : [`since ${formatClock(startedAtMs)}`]),
  ].join(' · ');
}
