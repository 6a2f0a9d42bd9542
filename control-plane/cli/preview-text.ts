import type { RolloutPreview } from '../http/rollout-preview-api.js';
import { table } from './table.js';
import { bytesText } from './units.js';

/** What a rollout would be, for people. */
export function previewText(preview: RolloutPreview): string {
  const { release, policy, devices, online, bytes, bytesPerDevice, steps, cannot, seconds, notes } = preview;
  const parts = [
    `${release} by ${policy}: ${devices} devices, ${online} of them there now; ${bytesText(bytesPerDevice)} each, ${bytesText(bytes)} in all. Nothing is begun.`,
  ];
  if (steps.length > 0) {
    const rows = steps.flatMap((step, index) =>
      step.strata.map(({ stratum, devices: count, calls, callsPerSecond, seconds: each }) => [
        String(index + 1),
        step.mode,
        `${step.share} %`,
        stratum === '' ? 'all others' : stratum,
        String(count),
        String(calls),
        rateText(callsPerSecond),
        durationText(each),
        durationText(step.holdSeconds),
      ]),
    );
    parts.push(
      table(['step', 'mode', 'calls', 'stratum', 'devices', 'canary calls', 'a second', 'take', 'then holds'], rows),
    );
    const all =
      seconds === null ? 'no calls came in the last minute, so nobody can say how long' : durationText(seconds);
    parts.push(
      `until it is done, with the traffic of now: ${all}${steps.some(({ approval }) => approval) ? ', and approvals' : ''}`,
    );
  }
  if (notes.length > 0) parts.push(notes.map((note) => `note: ${note}`).join('\n'));
  if (cannot.length > 0)
    parts.push(
      table(
        ['device', 'why not, or not now'],
        cannot.map(({ device, why }) => [device, why]),
      ),
    );
  return parts.join('\n\n');
}

function rateText(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toPrecision(2);
}

function durationText(seconds: number | null): string {
  if (seconds === null) return 'no calls';
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
