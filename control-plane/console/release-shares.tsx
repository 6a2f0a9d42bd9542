import type { ReleaseView } from '@bellwether/control-plane/http/operator-api';
import type { FleetState } from './fleet-state.js';
import { formatBytes, formatCount, formatPct } from './format.js';
import { type ModelStanding, modelStandings, type ReleaseShare } from './model-standing.js';

/** The newest releases are listed also when nobody serves them. */
const alwaysListed = 3;

/** Each model with its releases and their shares of the fleet: a sentence, one bar, then a line per release. */
export function ReleaseShares({ state }: { readonly state: FleetState }) {
  const devices = [...state.devices.value.values()];
  const standings = modelStandings(state.releases.value.keys(), devices, state.rollouts.value);
  return (
    <section aria-labelledby="releases-title">
      <h2 id="releases-title">Releases</h2>
      {standings.map((standing) => (
        <Model key={standing.model} standing={standing} state={state} />
      ))}
      {standings.length === 0 && (
        <p class="empty">
          Nothing published yet: <code>bellwether release publish FOLDER</code>
        </p>
      )}
    </section>
  );
}

function Model({ standing, state }: { readonly standing: ModelStanding; readonly state: FleetState }) {
  const { model, shares, devices, sentence } = standing;
  const served = shares.reduce((sum, share) => sum + share.devices, 0);
  const colours = state.colours.value;
  const last = shares.findLast((share) => share.devices > 0);
  const listed = shares.filter((share, place) => share.devices > 0 || place < alwaysListed);
  return (
    <div class="model">
      <p class="story">
        <strong>{model}</strong> {sentence}
      </p>
      <div class="share-bar" aria-hidden="true">
        {shares.map((share) => (
          // A release without devices is there with no width: it grows when it takes over.
          <span
            key={share.release}
            class={share === last ? 'last' : ''}
            style={{ flexGrow: share.devices, background: colours.get(share.release) }}
          />
        ))}
        <span style={{ flexGrow: Math.max(0, devices - served) }} />
      </div>
      <ul class="releases">
        {listed.map((share) => (
          <Release
            key={share.release}
            share={share}
            devices={devices}
            colour={colours.get(share.release)}
            view={state.releases.value.get(share.release)}
          />
        ))}
        {listed.length < shares.length && (
          <li class="empty">and {formatCount(shares.length - listed.length, 'older release')} that nobody serves</li>
        )}
      </ul>
    </div>
  );
}

interface ReleaseProps {
  readonly share: ReleaseShare;
  /** Devices of the model. */
  readonly devices: number;
  readonly colour: string | undefined;
  readonly view: ReleaseView | undefined;
}

function Release({ share, devices, colour, view }: ReleaseProps) {
  const count = share.devices;
  return (
    <li class={count === 0 ? 'unused' : ''}>
      <strong>
        <i class="swatch" style={{ background: colour }} />
        {share.release}
      </strong>
      <span class="share number">
        {formatCount(count, 'device')}
        {devices > 0 && ` · ${formatPct((100 * count) / devices)}`}
      </span>
      <span class="facts">{factsOf(view).join(' · ')}</span>
    </li>
  );
}

function factsOf(view: ReleaseView | undefined): string[] {
  if (view === undefined) return ['not in the catalogue'];
  const accuracy = view.accuracy === null ? [] : [`accuracy ${formatPct(view.accuracy * 100)}`];
  return [stageOf(view), ...accuracy, formatBytes(view.bytes)];
}

function stageOf({ withdrawn, production, staging }: ReleaseView): string {
  if (withdrawn !== null) return `withdrawn: ${withdrawn}`;
  if (production) return 'production';
  return staging ? 'staging, awaits approval' : 'not listed';
}
