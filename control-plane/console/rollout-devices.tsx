import type { RolloutDevice, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatCount, splitDeviceId } from './format.js';
import { hrefOf } from './place.js';

/** Why a device has no part in it: a newer rollout has taken its place, or a person has said so. */
const elsewhere = 'other-rollout';
const apart = 'apart';
const holds: ReadonlySet<string | null> = new Set(['pinned', 'excluded', 'quarantined']);
const stateTexts: Readonly<Record<RolloutDevice['state'] | typeof elsewhere | typeof apart, string>> = {
  canary: 'both arms',
  serving: 'serve it',
  settled: 'settled on it',
  installing: 'installing',
  ordered: 'ordered',
  stable: 'on the release before',
  off: 'canary switched off',
  silent: 'silent',
  refused: 'refused it',
  [elsewhere]: 'in another rollout of the model',
  [apart]: 'kept apart by a person',
};
/** Of a state more are counted, not named. */
const named = 12;

/** The devices by what they do in the rollout, and why those that failed did. */
export function RolloutDevices({ rollout }: { readonly rollout: RolloutView }) {
  const { devices, failures } = rollout;
  const states = Object.entries(stateTexts).flatMap(([state, text]) => {
    const there = devices.filter((device) => standingOf(device) === state);
    return there.length === 0 ? [] : [{ state, text, there }];
  });
  return (
    <section aria-labelledby="rollout-devices-title">
      <h2 id="rollout-devices-title">{formatCount(devices.length, 'device')}</h2>
      <ul class="rows">
        {states.map(({ state, text, there }) => (
          <li key={state}>
            <div>
              <strong class="number">{there.length}</strong> {text}
            </div>
            <Names devices={there} />
          </li>
        ))}
        {devices.length === 0 && <li class="empty">No device is in it.</li>}
      </ul>
      {failures.map(({ device, code, message, acknowledged }) => (
        <p key={device} class={acknowledged ? 'note' : 'alarm'}>
          <DeviceLink id={device} /> {message} <code>{code}</code>
          {acknowledged && ' · seen'}
        </p>
      ))}
    </section>
  );
}

function standingOf({ state, code }: RolloutDevice): string {
  if (holds.has(code)) return apart;
  return code === elsewhere ? elsewhere : state;
}

function Names({ devices }: { readonly devices: readonly RolloutDevice[] }) {
  return (
    <ul class="device-names">
      {devices.slice(0, named).map(({ device, code }) => (
        <li key={device}>
          <DeviceLink id={device} />
          {code !== null && code !== elsewhere && <code>{code}</code>}
        </li>
      ))}
      {devices.length > named && <li class="detail">and {devices.length - named} more</li>}
    </ul>
  );
}

function DeviceLink({ id }: { readonly id: string }) {
  return (
    <a href={hrefOf('devices', id)} title={id}>
      {splitDeviceId(id).name}
    </a>
  );
}
