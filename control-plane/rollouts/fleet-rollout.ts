import type { FleetRollout } from '@bellwether/shared/contract/fleet-rollout';
import { parseReleaseId } from '@bellwether/shared/ids';
import type { FleetNews, FleetSource } from '../consumers/fleet-source.js';
import type { RolloutView } from '../http/rollout-api.js';
import type { Views } from '../http/views.js';
import type { Conductor } from './conductor.js';
import { hasEnded } from './rollout.js';

/** Of those that have ended, so many are told of; more have hardly ended in a week. */
const newestEnded = 50;

interface RolloutRooms {
  readonly conductor: Pick<Conductor, 'phases'>;
  readonly views: Pick<Views, 'rollout'>;
}

/** `bw/v1/fleet/rollouts/<id>`. A view of one that many devices are in takes a while: they are made one by one, as they are asked for. */
export function rolloutSource({ conductor, views }: RolloutRooms): FleetSource {
  return {
    *all() {
      const phases = [...conductor.phases()];
      const ended = phases.filter(([, phase]) => hasEnded({ phase })).slice(0, newestEnded);
      const open = phases.filter(([, phase]) => !hasEnded({ phase }));
      for (const [id] of [...open, ...ended]) yield [id, newsOf(views.rollout(id))];
    },
    of: (id) => newsOf(views.rollout(id)),
  };
}

function newsOf(view: RolloutView): FleetNews {
  const document = fleetRollout(view);
  return { document, endedAtMs: document.endedAtMs };
}

/** What consumers are told of a rollout, from what operators see of it. */
export function fleetRollout(view: RolloutView): FleetRollout {
  const { id, policy, phase, reason, createdAtMs, deviceCount } = view;
  const release = parseReleaseId(view.release);
  if (release === undefined) throw new Error(`rollout ${id} brings ${view.release}, which is no release`);
  const changedAtMs = view.timeline.at(-1)?.atMs ?? createdAtMs;
  return {
    version: 1,
    id,
    model: release.model,
    releaseVersion: release.version,
    policy,
    phase,
    reason: reason === null ? null : { code: reason.code.slice(0, 64), text: reason.text.slice(0, 2000) },
    step: stepOf(view),
    verdict: view.verdict === null ? null : { value: view.verdict.value, atMs: view.verdict.atMs },
    devices: deviceCount,
    standings: standingsOf(view),
    createdAtMs,
    changedAtMs,
    endedAtMs: hasEnded({ phase }) ? changedAtMs : null,
  };
}

function stepOf({ step, steps }: RolloutView): FleetRollout['step'] {
  const current = step === null ? undefined : steps[step];
  if (step === null || current === undefined) return null;
  return { number: step + 1, of: steps.length, mode: current.mode, sharePct: current.share };
}

/** A view tells them by code too. */
function standingsOf({ standings }: RolloutView): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state, devices } of standings) counts[state] = (counts[state] ?? 0) + devices;
  return counts;
}
