import type { RolloutPhase, RolloutStepView, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatCount, formatDuration, formatNumber } from './format.js';

/** A phase as people read it. */
export function phaseText(phase: RolloutPhase): string {
  return phase.replace('-', ' ');
}

/** Whom a rollout is for: `all`, or its labels. */
export function targetOf({ to }: Pick<RolloutView, 'to'>): string {
  if ('all' in to) return 'all';
  return Object.entries(to.labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** What a step shows of the release: `25 % of the calls`. */
export function exposureOf({ mode, share }: { readonly mode: string; readonly share: number }): string {
  if (mode === 'full') return 'all calls';
  return mode === 'shadow' ? `shadow, ${share} % of the calls` : `${share} % of the calls`;
}

/** `25 % of the calls on 3 devices` */
export function stepText(step: Pick<RolloutStepView, 'mode' | 'share' | 'cohortSize'>): string {
  return `${exposureOf(step)} on ${formatCount(step.cohortSize, 'device')}`;
}

const verdictTexts: Readonly<Record<string, string>> = {
  pass: 'passes this step',
  fail: 'harm',
  inconclusive: 'not decided',
  error: 'could not be measured',
};

/** One of the four values as people read it. */
export function verdictText(value: string): string {
  return verdictTexts[value] ?? value;
}

type StepTerms = Pick<
  RolloutStepView,
  'minCalls' | 'holdSeconds' | 'timeLimitSeconds' | 'approval' | 'filter' | 'state'
>;

/** What a step asks for besides its evidence: `holds 10 min · at most 4.0 h · needs an approval`; nothing of one that is over. */
export function stepTerms({
  minCalls = 0,
  holdSeconds = 0,
  timeLimitSeconds,
  approval,
  filter,
  state,
}: StepTerms): string {
  const labels = Object.entries(filter ?? {}).map(([name, value]) => `${name}=${value}`);
  const terms = [
    ...(labels.length > 0 ? [`only ${labels.join(', ')}`] : []),
    ...(minCalls > 0 ? [`at least ${formatNumber(minCalls)} calls of the canary`] : []),
    ...(holdSeconds > 0 ? [`holds ${formatDuration(holdSeconds)}`] : []),
    ...(timeLimitSeconds === undefined ? [] : [`at most ${formatDuration(timeLimitSeconds)}`]),
    ...(approval === true && state === 'ahead' ? ['needs an approval'] : []),
  ];
  return state === 'left' || state === 'ended' ? '' : terms.join(' · ');
}

const open: ReadonlySet<RolloutPhase> = new Set(['rolling', 'waiting', 'paused', 'held']);

/** Rollouts of a model in steps that have not ended: a device is in one of them. */
export function onTheirWay(rollouts: readonly RolloutView[], model: string): readonly RolloutView[] {
  return rollouts.filter(
    ({ release, phase, policy }) => release.startsWith(`${model}@`) && open.has(phase) && policy !== 'direct',
  );
}
