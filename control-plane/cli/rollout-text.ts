import type { ArmTotals, RolloutStepView, RolloutView } from '../http/rollout-api.js';
import { devicesIn } from './rollout-count.js';
import { targetText } from './rollout-target.js';
import { emptyText } from './rollout-watch.js';
import { fields, table } from './table.js';
import { labelsText, timeText } from './units.js';

/** A rollout in one column: `2 of 3 devices`, or `step 2 of 6`. */
export function progressText(rollout: RolloutView): string {
  const { step, steps, deviceCount, phase } = rollout;
  if (step !== null) return phase === 'done' ? `all ${steps.length} steps` : `step ${step + 1} of ${steps.length}`;
  return `${devicesIn(rollout, 'serving', 'settled')} of ${deviceCount} devices`;
}

/** A rollout with its steps and devices. */
export function rolloutText(rollout: RolloutView): string {
  const parts = [headText(rollout)];
  if (rollout.steps.length > 0) parts.push(stepsText(rollout));
  if (rollout.devices.length > 0) {
    const rows = rollout.devices.map(({ device, state, code, message }) => [device, state, code ?? '', message ?? '']);
    parts.push(table(['device', 'state', 'code', 'message'], rows));
    const more = rollout.deviceCount - rollout.devices.length;
    if (more > 0) parts.push(moreText(rollout, more));
  } else if (rollout.phase === 'rolling') {
    parts.push(`${emptyText(rollout)}.`);
  }
  return parts.join('\n\n');
}

/** Why a rollout is where it is: the verdict's sentences with their numbers, both arms, failures, and what a person may do. */
export function explanation(rollout: RolloutView): string {
  const { verdict, arms, failures, timeline, actions } = rollout;
  const parts = [headText(rollout)];
  if (rollout.steps.length > 0) parts.push(stepsText(rollout));
  if (verdict !== null) {
    const strength = `evidence of harm: E = ${numberText(Math.exp(verdict.logHarm))}, taken back at ${numberText(Math.exp(verdict.logHarmLimit))}`;
    // The sentences have the numbers that people need; --json has all of them by name.
    const reasons = verdict.reasons.map(({ text }) => `- ${text}`);
    parts.push([`verdict of ${timeText(verdict.atMs)}: ${verdict.value}`, ...reasons, strength].join('\n'));
  }
  if (arms !== null) parts.push(armsText(arms));
  if (failures.length > 0) {
    const rows = failures.map(({ device, code, message, acknowledged }) => [
      device,
      code,
      message,
      acknowledged ? 'yes' : '',
    ]);
    parts.push(table(['failed device', 'code', 'message', 'acknowledged'], rows));
    if (rollout.failed > failures.length) parts.push(`and ${rollout.failed - failures.length} more that failed`);
  }
  const rows = timeline.map(({ atMs, code, text }) => [timeText(atMs), code, text]);
  parts.push(table(['what happened', '', ''], rows));
  if (actions.length > 0)
    parts.push(`now possible: ${actions.map((action) => `rollout ${action} ${rollout.id}`).join(', ')}`);
  return parts.join('\n\n');
}

/** What a large fleet's view leaves out, in numbers. */
function moreText({ id, standings }: RolloutView, more: number): string {
  const each = standings.map(({ state, code, devices }) => `${devices} ${state}${code === null ? '' : ` (${code})`}`);
  return `and ${more} more; in all: ${each.join(', ')}. Every one: rollout devices ${id}`;
}

function headText(rollout: RolloutView): string {
  return fields([
    ['rollout', rollout.id],
    ['release', rollout.release],
    ['to', targetText(rollout.to)],
    ['policy', rollout.policy],
    ['phase', rollout.phase],
    ...(rollout.reason === null ? [] : [['because', `${rollout.reason.text} (${rollout.reason.code})`] as const]),
    ...(rollout.waitsFor === null ? [] : [['waits for', rollout.waitsFor] as const]),
    ['created', timeText(rollout.createdAtMs)],
  ]);
}

const marks: Readonly<Record<RolloutStepView['state'], string>> = {
  left: 'left',
  current: 'now',
  ahead: '',
  ended: 'ended here',
};

function stepsText({ steps }: RolloutView): string {
  const rows = steps.map((step, index) => [
    String(index + 1),
    marks[step.state],
    step.mode,
    `${step.share} %`,
    `${'percent' in step.cohort ? `${step.cohort.percent} %` : `${step.cohort.devices} devices`}${step.filter === undefined ? '' : ` with ${labelsText(step.filter)}`}`,
    String(step.cohortSize),
    step.state !== 'ahead' ? `${step.ready} ready, ${step.failed} failed, ${step.silent} silent` : '',
    step.approval === true ? 'approval' : '',
  ]);
  return table(['step', '', 'mode', 'calls', 'cohort', 'devices', 'stand', 'asks for'], rows);
}

function armsText({ stable, canary }: { readonly stable: ArmTotals; readonly canary: ArmTotals }): string {
  const cells = [...new Set([...Object.keys(stable.bad), ...Object.keys(canary.bad)])];
  const row = (name: string, { release, calls, labelled, bad }: ArmTotals) => {
    return [name, release ?? '–', String(calls), String(labelled), ...cells.map((cell) => String(bad[cell] ?? 0))];
  };
  return table(['arm', 'release', 'calls', 'labelled', ...cells], [row('stable', stable), row('canary', canary)]);
}

function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : value.toPrecision(3);
}
