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
  const { devices, deviceCount, failures, failed, standings } = rollout;
  const states = Object.entries(stateTexts).flatMap(([state, text]) => {
    const count = standings.reduce((sum, each) => (standingOf(each) === state ? sum + each.devices : sum), 0);
    const there = devices.filter((device) => standingOf(device) === state);
    return count === 0 ? [] : [{ state, text, count, there }];
  });
  return (
    <section aria-labelledby="rollout-devices-title">
      <h2 id="rollout-devices-title">{formatCount(deviceCount, 'device')}</h2>
      <ul class="rows">
        {states.map(({ state, text, count, there }) => (
          <li key={state}>
            <div>
              <strong class="number">{count}</strong> {text}
            </div>
            <Names devices={there} count={count} />
          </li>
        ))}
        {deviceCount === 0 && <li class="empty">No device is in it.</li>}
      </ul>
      {failures.map(({ device, code, message, acknowledged }) => (
        <p key={device} class={acknowledged ? 'note' : 'alarm'}>
          <DeviceLink id={device} /> {message} <code>{code}</code>
          {acknowledged && ' · seen'}
        </p>
      ))}
      {failed > failures.length && <p class="note">and {failed - failures.length} more that failed</p>}
    </section>
  );
}

function standingOf({ state, code }: Pick<RolloutDevice, 'state' | 'code'>): string {
  if (holds.has(code)) return apart;
  return code === elsewhere ? elsewhere : state;
}

function Names({ devices, count }: { readonly devices: readonly RolloutDevice[]; readonly count: number }) {
  const names = devices.slice(0, named);
  return (
    <ul class="device-names">
      {names.map(({ device, code }) => (
        <li key={device}>
          <DeviceLink id={device} />
          {code !== null && code !== elsewhere && <code>{code}</code>}
        </li>
      ))}
      {count > names.length && names.length > 0 && <li class="detail">and {count - names.length} more</li>}
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
