import type { DeviceView, ReleaseView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { orderedText } from './device-hold-words.js';
import { Choice, Field } from './fields.js';
import { textOf } from './form-values.js';
import { splitDeviceId } from './format.js';
import { compareReleases } from './served-releases.js';
import type { ServerApi } from './server-api.js';

interface PinProps {
  readonly api: ServerApi;
  readonly device: DeviceView;
  readonly releases: readonly ReleaseView[];
}

/** Keeps one model of a device at a release that its stage admits. */
export function DevicePin({ api, device, releases }: PinProps) {
  const stage = device.report?.stage ?? 'production';
  const admitted = releases
    .filter((each) => each[stage] && each.withdrawn === null)
    .map(({ release }) => release)
    .sort((a, b) => compareReleases(b, a));
  if (admitted.length === 0) return null;
  // Where it is, is where one keeps it most often.
  const current = Object.entries(device.ordered?.models ?? {}).map(([model, version]) => `${model}@${version}`);
  const value = admitted.find((release) => current.includes(release)) ?? admitted[0];
  const { name } = splitDeviceId(device.id);
  return (
    <Action
      api={api}
      route="POST /devices/:id/pin"
      params={{ id: device.id }}
      label="Pin"
      title={`Pin ${name} to a release`}
      body={(form) => {
        const why = textOf(form, 'why');
        return { what: textOf(form, 'release'), ...(why !== '' && { why }) };
      }}
    >
      <p>
        It is ordered at once to serve this release for all its calls, and stays there whatever rollouts of the model
        say, also when one takes a bad release back. Ordered now: {orderedText(device)}.
      </p>
      <Choice
        label="Release"
        name="release"
        options={admitted.map((release) => [release, release])}
        {...(value !== undefined && { value })}
      />
      <Field label="Why (for the audit log)" name="why" maxLength={500} />
    </Action>
  );
}
