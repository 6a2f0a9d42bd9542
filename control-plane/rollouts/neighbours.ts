import { cohortPosition } from '@bellwether/shared/evidence/assignment';
import { stratumOf } from './cohort.js';
import type { CourseDevice } from './course-device.js';
import type { NeighbourStoreSql } from './neighbour-store-sql.js';
import { neighbourEpochs } from './neighbour-times.js';
import type { StagedRollout } from './rollout.js';
import type { Neighbour, Suspect } from './verdict/interference.js';

/** Of each stratum so many are asked: those that come last into the cohorts, which says nothing about them. */
const mostOfStratum = 16;
/** What they said stands for so long: only epochs that are over are compared. */
const freshMs = 60_000;

interface Asked {
  readonly atMs: number;
  readonly neighbours: readonly Neighbour[];
}

/** What devices without a canary did while stable became slow beside one. They are asked only then, so that a quiet rollout costs nothing. */
export class Neighbours {
  readonly #store: Pick<NeighbourStoreSql, 'windows'>;
  readonly #asked = new Map<string, Asked>();

  constructor(store: Pick<NeighbourStoreSql, 'windows'>) {
    this.#store = store;
  }

  /** Of every suspect's stratum, from when its canary came. A device that has too few calls before that is none. */
  of(
    rollout: StagedRollout,
    suspects: readonly Suspect[],
    { devices, nowMs }: { readonly devices: readonly CourseDevice[]; readonly nowMs: number },
  ): readonly Neighbour[] {
    const sought = new Map(
      suspects.map(({ device, stratum, since }) => {
        const stable = rollout.members.get(device)?.base ?? '';
        return [`${rollout.number} ${since} ${stable} ${stratum}`, { stratum, since, stable }] as const;
      }),
    );
    for (const [key, { atMs }] of this.#asked) if (nowMs - atMs >= freshMs) this.#asked.delete(key);
    return [...sought].flatMap(([key, { stratum, since, stable }]) => {
      const known = this.#asked.get(key);
      if (known !== undefined) return known.neighbours;
      const times = { model: rollout.model, stable, createdAtMs: rollout.createdAtMs, since };
      const neighbours = unexposed(rollout, { devices, stratum, stable }).flatMap(({ device, report }): Neighbour[] => {
        const epochs = neighbourEpochs(this.#store.windows(device, report?.runId ?? ''), times);
        return epochs === undefined ? [] : [{ device, stratum, since, epochs }];
      });
      this.#asked.set(key, { atMs: nowMs, neighbours });
      return neighbours;
    });
  }
}

/** Devices of the stratum on the same release, without a canary, that were there before the rollout. */
function unexposed(
  { course, members, createdAtMs }: StagedRollout,
  {
    devices,
    stratum,
    stable,
  }: { readonly devices: readonly CourseDevice[]; readonly stratum: string; readonly stable: string },
): readonly CourseDevice[] {
  return devices
    .filter(({ device, labels, base, apart, enrolledAtMs }) => {
      const member = members.get(device);
      const own = member?.stratum ?? stratumOf(labels, course.stratifyBy, course.strata);
      const isFree = apart === null && member?.isOrdered !== true;
      return isFree && base === stable && own === stratum && enrolledAtMs <= createdAtMs;
    })
    .map((device) => ({ device, position: cohortPosition(course.cohortKey, device.device) }))
    .toSorted((a, b) => b.position - a.position)
    .slice(0, mostOfStratum)
    .map(({ device }) => device);
}
