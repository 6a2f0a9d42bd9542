import { useState } from 'preact/hooks';
import { AtField, Check, Choice, Field, wrongField } from './fields.js';
import type { FleetState } from './fleet-state.js';
import { formatCount, formatPct } from './format.js';
import { PolicyField } from './policy-field.js';
import { devicesOf, fieldOf } from './rollout-request.js';
import { onTheirWay, phaseText } from './rollout-words.js';
import { compareReleases } from './served-releases.js';
import type { Refusal } from './server-api.js';

interface FieldsProps {
  readonly state: FleetState;
  readonly refusal: Refusal | null;
}

/** Which release, to whom, how; each with what is wrong with it. */
export function NewRolloutFields({ state, refusal }: FieldsProps) {
  const releases = [...state.releases.value.values()]
    .filter(({ withdrawn }) => withdrawn === null)
    .sort((a, b) => compareReleases(b.release, a.release));
  const [release, setRelease] = useState(releases[0]?.release ?? '');
  const at = refusal === null ? null : fieldOf(refusal);
  const of = (field: typeof at) => (at === field ? refusal : null);
  const model = release.slice(0, release.indexOf('@'));
  const others = onTheirWay(state.rollouts.value, model);
  return (
    <>
      <AtField id="release-note" refusal={of('release')}>
        <Choice
          label="Release"
          name="release"
          value={release}
          options={releases.map((each) => {
            const about = each.production ? 'production' : 'staging only';
            const accuracy = each.accuracy === null ? '' : `, accuracy ${formatPct(each.accuracy * 100)}`;
            return [each.release, `${each.release}: ${about}${accuracy}`] as const;
          })}
          onChange={(event) => setRelease(event.currentTarget.value)}
          {...(releases.length === 0 && { hint: 'None in the catalogue: bellwether release publish FOLDER' })}
          {...wrongField(at === 'release', 'release-note')}
        />
      </AtField>
      <Target state={state} refusal={of('to')} />
      <PolicyField refusal={of('policy')} />
      {(others.length > 0 || at === 'supersede') && (
        <AtField id="supersede-note" refusal={of('supersede')}>
          <Check
            name="supersede"
            label={`Take the place of ${others
              .map((each) => `${each.id} (${each.release}, ${phaseText(each.phase)})`)
              .join(', ')}: where the devices are the same it ends`}
          />
        </AtField>
      )}
    </>
  );
}

function Target({ state, refusal }: { readonly state: FleetState; readonly refusal: Refusal | null }) {
  const [to, setTo] = useState('all');
  const labels = [...state.devices.value.values()].flatMap((device) =>
    device.standing === 'approved' ? [device.labels] : [],
  );
  const known = [...new Set(labels.flatMap((each) => Object.entries(each).map((pair) => pair.join('='))))].sort();
  return (
    <AtField id="to-note" refusal={refusal}>
      <Field
        label="To"
        name="to"
        required
        list="known-labels"
        defaultValue="all"
        onInput={(event) => setTo(event.currentTarget.value)}
        hint={
          <>
            <strong>
              {devicesOf(to, labels)} of {formatCount(labels.length, 'device')}
            </strong>{' '}
            · all, or labels that a device must all carry: hardware=rpi4,site=a
          </>
        }
        {...wrongField(refusal !== null, 'to-note')}
      />
      <datalist id="known-labels">
        {['all', ...known].map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </AtField>
  );
}
