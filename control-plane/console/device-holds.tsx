import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { type Hold, holdText, modelOf, orderedText } from './device-hold-words.js';
import { DevicePin } from './device-pin.js';
import { Field } from './fields.js';
import { textOf } from './form-values.js';
import { formatDate, splitDeviceId } from './format.js';
import type { PageProps } from './page.js';
import type { ServerApi } from './server-api.js';

interface HoldsProps extends Pick<PageProps, 'state' | 'api'> {
  readonly device: DeviceView;
}

/** What keeps a device apart from rollouts, who said so and why, and the ways to say so. */
export function DeviceHolds({ state, api, device }: HoldsProps) {
  const { holds } = device;
  return (
    <section aria-labelledby="holds-title">
      <div class="title-line">
        <h2 id="holds-title">Rollouts on this device</h2>
        <div class="buttons">
          <DevicePin api={api} device={device} releases={[...state.releases.value.values()]} />
          <Apart api={api} device={device} kind="excluded" />
          <Apart api={api} device={device} kind="quarantined" />
        </div>
      </div>
      {holds.length === 0 && <p class="empty">Rollouts reach it like any other.</p>}
      <ul class="rows">
        {holds.map((hold) => (
          <Held key={holdText(hold)} hold={hold} api={api} device={device} />
        ))}
      </ul>
    </section>
  );
}

const ways = {
  excluded: { what: 'exclude', label: 'Exclude', evidence: 'What it has shown still counts as evidence.' },
  quarantined: {
    what: 'quarantine',
    label: 'Quarantine',
    evidence: 'Nothing that it says, or has said, counts as evidence.',
  },
} as const;

interface ApartProps {
  readonly api: ServerApi;
  readonly device: DeviceView;
  readonly kind: keyof typeof ways;
}

function Apart({ api, device, kind }: ApartProps) {
  const { what, label, evidence } = ways[kind];
  if (device.holds.some((hold) => hold.kind === kind)) return null;
  const replaced = device.holds.find((hold) => hold.kind in ways);
  return (
    <Action
      api={api}
      route="POST /devices/:id/pin"
      params={{ id: device.id }}
      label={label}
      title={`${label} ${splitDeviceId(device.id).name}`}
      {...(kind === 'quarantined' && { tone: 'danger' as const })}
      body={(form) => ({ what, ...whyOf(form) })}
    >
      <p>
        No rollout touches it any more: it stays at what it was last ordered to serve, {orderedText(device)}, and a
        canary on it is switched off. {evidence}
        {replaced !== undefined && ` It is ${replaced.kind} no longer.`}
      </p>
      <Field label="Why (for the audit log)" name="why" maxLength={500} />
    </Action>
  );
}

function Held({ hold, api, device }: { readonly hold: Hold } & Omit<ApartProps, 'kind'>) {
  const { release, by, why, atMs } = hold;
  const model = release === null ? undefined : modelOf(release);
  return (
    <li>
      <span>
        <strong>{holdText(hold)}</strong>
        {why !== null && `: ${why}`}
        <span class="detail block">
          by {by}, {formatDate(atMs)}
        </span>
      </span>
      <Action
        api={api}
        route="POST /devices/:id/unpin"
        params={{ id: device.id }}
        label={model === undefined ? 'Let rollouts back' : 'Unpin'}
        title={`${splitDeviceId(device.id).name}: ${holdText(hold)}`}
        body={() => (model === undefined ? {} : { model })}
      >
        <p>
          Rollouts reach it again{model !== undefined && ` with ${model}`}: it is ordered at once to serve what the
          newest of them has for it.
        </p>
      </Action>
    </li>
  );
}

function whyOf(form: FormData): { readonly why?: string } {
  const why = textOf(form, 'why');
  return why === '' ? {} : { why };
}
