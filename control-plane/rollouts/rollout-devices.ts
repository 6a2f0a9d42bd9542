import type {
  RolloutDevice,
  RolloutDevicePage,
  RolloutFailure,
  RolloutStanding,
  RolloutView,
} from '../http/rollout-api.js';
import { devicesInView } from './rollout-device-limit.js';

/** Where a person may have to do something, in this order; everything else after it. */
const needy: readonly RolloutDevice['state'][] = ['refused', 'off', 'silent'];

/** What a view tells of its devices and failures: all in numbers, and by name so many as a page can show and every watcher can take twice a second. */
export function devicesOfView(
  devices: readonly RolloutDevice[],
  failures: readonly RolloutFailure[],
): Pick<RolloutView, 'devices' | 'deviceCount' | 'standings' | 'failures' | 'failed'> {
  return {
    failures: failures.slice(0, devicesInView),
    failed: failures.length,
    deviceCount: devices.length,
    standings: standingsOf(devices),
    devices: devices.length > devicesInView ? inNeedFirst(devices) : [...devices],
  };
}

/** One page of them by id, after the device that `after` names. */
export function pageOfDevices(
  devices: readonly RolloutDevice[],
  { after = '', limit, state }: { readonly after?: string; readonly limit: number; readonly state?: string },
): RolloutDevicePage {
  const wanted = devices
    .filter((each) => each.device > after && (state === undefined || each.state === state))
    .toSorted((a, b) => (a.device < b.device ? -1 : 1));
  const page = wanted.slice(0, limit);
  return { devices: page, next: wanted.length > limit ? (page.at(-1)?.device ?? null) : null };
}

function inNeedFirst(devices: readonly RolloutDevice[]): RolloutDevice[] {
  const inNeed = needy.flatMap((state) => devices.filter((each) => each.state === state));
  const others = devices.filter(({ state }) => !needy.includes(state));
  return [...inNeed, ...others].slice(0, devicesInView);
}

function standingsOf(devices: readonly RolloutDevice[]): RolloutStanding[] {
  const standings = new Map<string, RolloutStanding>();
  for (const { state, code } of devices) {
    const key = `${state} ${code ?? ''}`;
    const known = standings.get(key)?.devices ?? 0;
    standings.set(key, { state, code, devices: known + 1 });
  }
  return [...standings.values()].sort((a, b) => b.devices - a.devices);
}
