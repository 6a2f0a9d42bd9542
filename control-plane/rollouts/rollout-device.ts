import type { Report } from '@bellwether/shared/contract/report';
import type { RolloutDevice, RolloutView } from '../http/rollout-api.js';
import type { Rollout } from './rollout.js';

/** What decides where a device stands in a rollout. */
export interface DeviceFacts {
  readonly id: string;
  readonly isOnline: boolean;
  readonly report: Report | null;
  /** The device's newest order. */
  readonly order: { readonly epoch: number; readonly generation: number } | undefined;
}

/**
 * Where a device stands, by its own report: it has the release up only when it says so itself, by digest. A refusal
 * that passes (no disk, no network) is tried again, so the device is still installing; a silent one counts as silent,
 * whatever it was about to do.
 */
export function deviceState(rollout: Rollout, device: DeviceFacts): RolloutDevice {
  const { report } = device;
  const model = report?.models.find((each) => each.model === rollout.model);
  const told = (
    state: RolloutDevice['state'],
    why?: { readonly code: string; readonly message: string },
  ): RolloutDevice => ({
    device: device.id,
    state,
    code: why?.code ?? null,
    message: why?.message ?? null,
  });
  if (report === null || device.order === undefined || !hasSeen(report, device.order)) {
    const refusal = report?.orderRefusal ?? null;
    if (refusal !== null && isAbout(refusal, device.order)) return told('refused', refusal);
    return told(device.isOnline ? 'ordered' : 'silent');
  }
  if (model?.serving?.manifest === rollout.manifest) {
    return told(model.serving.phase === 'settled' ? 'settled' : 'serving');
  }
  const refusal = model?.refusal?.manifest === rollout.manifest ? model.refusal : undefined;
  if (refusal?.kind === 'permanent') return told('refused', refusal);
  return told(device.isOnline ? 'installing' : 'silent', refusal);
}

function hasSeen({ observed }: Report, order: NonNullable<DeviceFacts['order']>): boolean {
  return observed !== null && observed.epoch === order.epoch && observed.generation >= order.generation;
}

/** A refusal without a generation is of an order that could not be read: it is about the newest one that we sent. */
function isAbout(refusal: NonNullable<Report['orderRefusal']>, order: DeviceFacts['order']): boolean {
  return order !== undefined && (refusal.generation ?? order.generation) === order.generation;
}

/** Whom a retry asks again: devices that failed, and, of a direct rollout, those that wait to try again by themselves. */
export function failedDevices({
  step,
  failures,
  devices,
}: Pick<RolloutView, 'step' | 'failures' | 'devices'>): string[] {
  if (step !== null) return failures.map(({ device }) => device);
  const isWaiting = ({ state, code }: RolloutDevice) =>
    state === 'refused' || (state === 'installing' && code !== null);
  return devices.filter(isWaiting).map(({ device }) => device);
}

/** The phase that these devices make. Without any device a rollout is still rolling: nobody serves the release. */
export function phaseOf(devices: readonly RolloutDevice[]): 'rolling' | 'done' | 'held' {
  const states = new Set(devices.map(({ state }) => state));
  const isOpen = states.has('ordered') || states.has('installing') || states.has('silent') || states.size === 0;
  if (isOpen) return 'rolling';
  return states.has('refused') ? 'held' : 'done';
}
