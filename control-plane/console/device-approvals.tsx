import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { Facts } from './facts.js';
import { differentKey, FingerprintField } from './fingerprint-field.js';
import { formatAgo, splitDeviceId } from './format.js';
import { Labels } from './labels.js';
import type { PageProps } from './page.js';

type Props = Pick<PageProps, 'state' | 'api'>;

/** Devices at the door: they have no session, no order and no telemetry before somebody has compared their fingerprint. */
export function DeviceApprovals({ state, api }: Props) {
  const devices = [...state.devices.value.values()].filter(({ standing }) => standing === 'pending');
  return (
    <section aria-labelledby="device-approvals-title">
      <h2 id="device-approvals-title">New devices</h2>
      {devices.length === 0 && <p class="empty">No device waits at the door.</p>}
      <ul class="cards">
        {devices.map((device) => (
          <Newcomer key={device.id} device={device} state={state} api={api} />
        ))}
      </ul>
    </section>
  );
}

function Newcomer({ device, state, api }: Props & { readonly device: DeviceView }) {
  const { id, fingerprint, labels, tokenId, enrolledAtMs } = device;
  const { name } = splitDeviceId(id);
  return (
    <li>
      <h3>{name}</h3>
      <Facts
        facts={[
          ['fingerprint', <code>{fingerprint}</code>],
          ['waits', formatAgo(enrolledAtMs, state.nowMs.value)],
          [
            'came by',
            <>
              join token <code>{tokenId}</code>
            </>,
          ],
          Object.keys(labels).length === 0 ? null : ['labels', <Labels labels={labels} />],
        ]}
      />
      <div class="buttons">
        <Action
          api={api}
          route="POST /devices/:id/approve"
          params={{ id }}
          label="Approve"
          title={`Let ${name} in`}
          tone="primary"
          check={(form) => differentKey(fingerprint, form)}
          body={() => ({})}
        >
          <p>It gets a session, orders and downloads at once.</p>
          <FingerprintField />
        </Action>
        <Action
          api={api}
          route="POST /devices/:id/reject"
          params={{ id }}
          label="Reject"
          title={`Turn ${name} away`}
          tone="danger"
          body={() => ({})}
        >
          <p>It stays out. Whoever may approve can still let it in later.</p>
        </Action>
      </div>
    </li>
  );
}
