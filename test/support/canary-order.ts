import type { OrderedCanary } from '@bellwether/shared/contract/order';
import type { AttackWorld } from './attack-world.js';
import type { SampleRelease } from './sample-release.js';
import { modelWithCanary } from './signed-order.js';

/** The next order of the world's device: its first release, and a canary beside it. */
export function canaryOrder(
  world: AttackWorld,
  canary: SampleRelease,
  changes: Partial<OrderedCanary> = {},
  more: Readonly<Record<string, unknown>> = {},
): Uint8Array {
  return world.order({ models: { digits: modelWithCanary(world.first, canary, changes) }, ...more });
}
