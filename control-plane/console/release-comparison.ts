import type { ReleaseView } from '@bellwether/control-plane/http/operator-api';
import { compareReleases } from './served-releases.js';

/** What a release scores on its own benchmark, and how that compares with the newest one in production: `98.1 % of 1500 samples; 1.0.0 in production scores 90.4 %`. */
export function benchmarkText(release: ReleaseView, all: Iterable<ReleaseView>): string {
  const { accuracy, accuracySamples, model } = release;
  if (accuracy === null) return 'no benchmark in the manifest';
  const own = `${points(accuracy)}${accuracySamples === null ? '' : ` of ${accuracySamples} samples`}`;
  const [newest] = [...all]
    .filter((each) => each.model === model && each.production && each.withdrawn === null && each !== release)
    .sort((a, b) => compareReleases(b.release, a.release));
  if (newest === undefined || newest.accuracy === null) return own;
  return `${own}; ${newest.version} in production scores ${points(newest.accuracy)}`;
}

/** To a tenth: half a point decides [T-13]. */
function points(accuracy: number): string {
  return `${(accuracy * 100).toFixed(1)} %`;
}
