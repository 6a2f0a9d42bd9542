import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatCount } from './format.js';
import { devicesIn, refusalCodes } from './rollout-count.js';
import { stepText } from './rollout-words.js';
import { compareReleases, servedBy } from './served-releases.js';

/** How one model stands in the fleet. */
export interface ModelStanding {
  readonly model: string;
  /** The model's releases, newest first, with how many devices serve each. */
  readonly shares: readonly ReleaseShare[];
  /** Devices that serve the model or are ordered to. */
  readonly devices: number;
  /** Where the fleet is between two releases, in one sentence. */
  readonly sentence: string;
}

/** A release, `digits@1.1.0`, and how many devices serve it. */
export interface ReleaseShare {
  readonly release: string;
  readonly devices: number;
}

/** All models of the catalogue and of the devices, by name. `releases` are the catalogue's, `digits@1.1.0`. */
export function modelStandings(
  releases: Iterable<string>,
  devices: readonly DeviceView[],
  rollouts: readonly RolloutView[],
): readonly ModelStanding[] {
  const counts = new Map([...releases].map((release) => [release, 0]));
  const users = new Map<string, number>();
  for (const device of devices) {
    const served = servedBy(device);
    for (const release of served) counts.set(release, (counts.get(release) ?? 0) + 1);
    const ordered = Object.keys(device.ordered?.models ?? {});
    for (const model of new Set([...served.map(modelOf), ...ordered])) users.set(model, (users.get(model) ?? 0) + 1);
  }
  const models = [...new Set([...counts.keys()].map(modelOf))].sort();
  return models.map((model) => {
    const shares = [...counts]
      .filter(([release]) => modelOf(release) === model)
      .map(([release, count]) => ({ release, devices: count }))
      .sort((a, b) => compareReleases(b.release, a.release));
    const newest = rollouts.find(({ release, phase }) => modelOf(release) === model && phase !== 'superseded');
    const count = users.get(model) ?? 0;
    return { model, shares, devices: count, sentence: sentenceOf(shares, count, newest) };
  });
}

function sentenceOf(shares: readonly ReleaseShare[], devices: number, rollout: RolloutView | undefined): string {
  const served = shares.filter((share) => share.devices > 0).sort((a, b) => b.devices - a.devices);
  if (rollout?.phase === 'rolling') return rollingSentence(served, rollout);
  const now = servedSentence(served, devices);
  return rollout !== undefined && standing.has(rollout.phase) ? `${standingSentence(rollout)} ${now}` : now;
}

/** Phases of a rollout that goes no further by itself. */
const standing: ReadonlySet<string> = new Set(['held', 'paused', 'waiting']);

function servedSentence(served: readonly ReleaseShare[], devices: number): string {
  const [first, ...others] = served;
  if (first === undefined) return 'No device serves it.';
  if (others.length > 0) {
    const each = served.map((share) => `${formatCount(share.devices, 'device')} on ${versionOf(share.release)}`);
    return `${each.join(', ')}.`;
  }
  const version = versionOf(first.release);
  if (first.devices < devices) return `${first.devices} of ${devices} devices serve ${version}.`;
  return devices === 1 ? `1 device serves ${version}.` : `All ${devices} devices serve ${version}.`;
}

function rollingSentence(served: readonly ReleaseShare[], rollout: RolloutView): string {
  const { release, deviceCount, steps, step } = rollout;
  const current = steps[step ?? 0];
  if (current !== undefined) {
    return `Step ${(step ?? 0) + 1} of ${steps.length} to ${versionOf(release)}: ${stepText(current)}.`;
  }
  const from = served.find((share) => share.release !== release);
  const there = devicesIn(rollout, 'serving', 'settled');
  const way = from === undefined ? '' : `from ${versionOf(from.release)} `;
  return `Moving ${way}to ${versionOf(release)}: ${there} of ${formatCount(deviceCount, 'device')} there.`;
}

function standingSentence(rollout: RolloutView): string {
  const { release, deviceCount, phase, steps, reason } = rollout;
  if (steps.length > 0) return `${versionOf(release)} is ${phase}: ${reason?.text ?? 'a person must decide'}.`;
  const refused = devicesIn(rollout, 'refused');
  return `${versionOf(release)} is held: ${refused} of ${formatCount(deviceCount, 'device')} refused it (${refusalCodes(rollout)}).`;
}

function modelOf(release: string): string {
  return release.slice(0, release.indexOf('@'));
}

function versionOf(release: string): string {
  return release.slice(release.indexOf('@') + 1);
}
