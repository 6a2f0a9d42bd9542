import type { DeviceView } from '@bellwether/control-plane/http/operator-api';

/** The releases that a device serves, `digits@1.1.0`, as its last report says. */
export function servedBy(device: DeviceView): string[] {
  const models = device.report?.models ?? [];
  return models.flatMap(({ model, serving }) => (serving === null ? [] : [`${model}@${serving.version}`]));
}

/** A second release of a model, beside the one that serves. */
interface Canary {
  readonly release: string;
  /** `canary`, and what is in its way: `canary: starting`. */
  readonly detail: string;
}

/** The canaries of a device, as its last report says. */
export function canariesOf(device: DeviceView): readonly Canary[] {
  return (device.report?.models ?? []).flatMap(({ model, canary }) => {
    if (canary === undefined) return [];
    const detail = canary.state === 'ready' ? 'canary' : `canary: ${canary.state}`;
    return [{ release: `${model}@${canary.version}`, detail }];
  });
}

/** Releases in order of model and version: numbers count as numbers, so that 1.10.0 comes after 1.9.0. */
export function compareReleases(a: string, b: string): number {
  return order.compare(a, b);
}

const order = new Intl.Collator('en', { numeric: true });
