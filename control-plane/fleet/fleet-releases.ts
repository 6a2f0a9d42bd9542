import { type FleetReleases, maxFleetReleases } from '@bellwether/shared/contract/fleet-releases';
import type { FleetSource } from '../consumers/fleet-source.js';
import type { ReleaseView } from '../http/operator-api.js';
import type { Views } from '../http/views.js';

/** `bw/v1/fleet/releases/<model>` */
export function releaseSource(views: Pick<Views, 'releases'>): FleetSource {
  const all = () => {
    return [...fleetReleases(views.releases())].map(
      ([model, document]) => [model, { document, endedAtMs: null }] as const,
    );
  };
  return { all, of: (model) => new Map(all()).get(model) };
}

/** What consumers are told of the releases, by model, from what operators see of them: those that serve, and the newest. */
export function fleetReleases(views: readonly ReleaseView[]): Map<string, FleetReleases> {
  const models = new Set(views.map(({ model }) => model));
  return new Map(
    [...models].map((model) => {
      const releases = told(views.filter((each) => each.model === model));
      return [model, { version: 1, model, releases }];
    }),
  );
}

/** In the order of the views, whatever is left out. */
function told(releases: readonly ReleaseView[]): FleetReleases['releases'] {
  const serving = releases.filter(({ devicesServing }) => devicesServing > 0);
  const others = releases.filter(({ devicesServing }) => devicesServing === 0);
  const kept = new Set([...serving, ...others].slice(0, maxFleetReleases));
  return releases
    .filter((release) => kept.has(release))
    .map(({ version, manifest, staging, production, withdrawn, devicesServing }) => {
      return { version, manifest, staging, production, withdrawn, devicesServing };
    });
}
