import type { FleetState } from './fleet-state.js';
import { formatBytes, formatPct } from './format.js';
import { releaseColour } from './release-colour.js';

/** Each release with its share of the fleet: one bar, then a line per release. */
export function ReleaseShares({ state }: { readonly state: FleetState }) {
  const serving = state.serving.value;
  const total = serving.reduce((sum, [, count]) => sum + count, 0);
  const counts = new Map(serving);
  const releases = [...state.releases.value.values()].sort((a, b) =>
    b.release.localeCompare(a.release, 'en', { numeric: true }),
  );
  const names = state.releases.value.keys();
  return (
    <section aria-labelledby="releases-title">
      <h2 id="releases-title">Releases</h2>
      <div class="share-bar" role="img" aria-label={serving.map(([r, n]) => `${r}: ${n} devices`).join(', ')}>
        {serving.map(([release, count]) => (
          <span
            key={release}
            style={{ flexGrow: count, background: releaseColour(release, state.releases.value.keys()) }}
            title={`${release}: ${count} of ${total}`}
          />
        ))}
      </div>
      <ul class="releases">
        {releases.map((release) => {
          const count = counts.get(release.release) ?? 0;
          const colour = releaseColour(release.release, names);
          return (
            <li key={release.release} class={count === 0 ? 'unused' : ''}>
              <i class="swatch" style={{ background: colour }} />
              <strong>{release.release}</strong>
              <span>{stageOf(release)}</span>
              <span>{release.accuracy === null ? '' : `accuracy ${formatPct(release.accuracy * 100)}`}</span>
              <span>{formatBytes(release.bytes)}</span>
              <span class="number">
                {count} {count === 1 ? 'device' : 'devices'}
                {total > 0 && ` · ${formatPct((100 * count) / total)}`}
              </span>
            </li>
          );
        })}
        {releases.length === 0 && <li class="empty">Nothing published yet: bellwether release publish FOLDER</li>}
      </ul>
    </section>
  );
}

function stageOf(release: {
  readonly production: boolean;
  readonly staging: boolean;
  readonly withdrawn: string | null;
}): string {
  if (release.withdrawn !== null) return `withdrawn: ${release.withdrawn}`;
  return release.production ? 'production' : release.staging ? 'staging, awaits approval' : 'not listed';
}
