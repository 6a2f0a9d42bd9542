import type { DeviceView } from '@bellwether/control-plane/http/operator-api';

/** The releases that a device serves, `digits@1.1.0`, as its last report says. */
export function servedBy(device: DeviceView): string[] {
  const models = device.report?.models ?? [];
  return models.flatMap(({ model, serving }) => (serving === null ? [] : [`${model}@${serving.version}`]));
}

/** Releases in order of model and version: numbers count as numbers, so that 1.10.0 comes after 1.9.0. */
export function compareReleases(a: string, b: string): number {
  return order.compare(a, b);
}

const order = new Intl.Collator('en', { numeric: true });
