import type { ReadonlySignal } from '@preact/signals';
import type { RolloutStepView } from '@bellwether/control-plane/http/rollout-api';
import { formatClock, formatCount, formatDuration, formatMoment } from './format.js';
import { exposureOf, stepTerms } from './rollout-words.js';

interface StepsProps {
  readonly steps: readonly RolloutStepView[];
  readonly now: ReadonlySignal<number>;
}

/** The steps from left to right: how many devices and calls each shows, what it asks for, and how full the current one is. */
export function RolloutSteps({ steps, now }: StepsProps) {
  if (steps.length === 0) return null;
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">Steps</h2>
      <ol class="steps">
        {steps.map((step, index) => (
          <Step key={index} step={step} number={index + 1} now={now} />
        ))}
      </ol>
    </section>
  );
}

/** How a step stands, for those who see no colours and for those who see nothing. */
interface Sign {
  readonly mark: string;
  readonly word: string;
}

const signs: Readonly<Record<RolloutStepView['state'], Sign>> = {
  current: { mark: '▶', word: 'now' },
  left: { mark: '✓', word: 'passed' },
  ended: { mark: '✕', word: 'ended here' },
  ahead: { mark: '○', word: 'ahead' },
};

interface StepProps {
  readonly step: RolloutStepView;
  readonly number: number;
  readonly now: ReadonlySignal<number>;
}

function Step({ step, number, now }: StepProps) {
  const { state, cohortSize } = step;
  const sign = signs[state];
  const terms = stepTerms(step);
  return (
    <li class={state} aria-current={state === 'current' ? 'step' : undefined}>
      <strong>
        <span class="mark" aria-hidden="true">
          {sign.mark}
        </span>{' '}
        {number} · {exposureOf(step)}
        <span class="unseen"> ({sign.word})</span>
      </strong>
      <progress max={Math.max(1, cohortSize)} value={filled(step)} aria-label={`devices of step ${number}`} />
      <div class="detail">
        {state === 'current' ? <CurrentStep step={step} now={now} /> : standingText(step)}
        {terms !== '' && <span class="block">{terms}</span>}
      </div>
    </li>
  );
}

function filled({ state, cohortSize, ready }: RolloutStepView): number {
  if (state === 'current' || state === 'ended') return ready;
  return state === 'left' ? Math.max(1, cohortSize) : 0;
}

/** How a step that is not the current one stands: planned, or as it was at its end. */
function standingText(step: RolloutStepView): string {
  const { state, cohortSize, endedAtMs } = step;
  if (state === 'ahead') return cohortSize > 0 ? formatCount(cohortSize, 'device') : '';
  return [
    ...(state === 'ended' ? ['ended here', ...readiness(step)] : [formatCount(cohortSize, 'device')]),
    ...(endedAtMs === null ? [] : [`until ${formatMoment(endedAtMs)}`]),
  ].join(' · ');
}

function readiness({ ready, cohortSize, failed, silent }: RolloutStepView): string[] {
  return [
    `${ready} of ${formatCount(cohortSize, 'device')} ready`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
  ];
}

/** Reads the clock, and so is drawn each second by itself. */
function CurrentStep({ step, now }: Pick<StepProps, 'step' | 'now'>) {
  const { startedAtMs, timeLimitSeconds } = step;
  const left =
    startedAtMs === null || timeLimitSeconds === undefined ? null : timeLimitSeconds - (now.value - startedAtMs) / 1000;
  const words = [
    ...readiness(step),
    ...(startedAtMs === null
      ? []
      : [`since ${formatClock(startedAtMs)}, for ${formatDuration(Math.max(0, (now.value - startedAtMs) / 1000))}`]),
    ...(left === null ? [] : [left > 0 ? `held in ${formatDuration(left)} if undecided` : 'over its time limit']),
  ];
  return <>{words.join(' · ')}</>;
}
