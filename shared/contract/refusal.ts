/**
 * Why a device refuses an order or a release [T-6]. `permanent`: not tried again until the order changes. `passing`:
 * tried again with back-off. The codes are stable; consumers may match on them.
 */
export const refusalKinds = {
  // The order
  'order-size': 'permanent',
  'order-malformed': 'permanent',
  'order-payload-type': 'permanent',
  'order-signature': 'permanent',
  'order-device': 'permanent',
  'epoch-old': 'permanent',
  'generation-old': 'permanent',
  'order-equivocation': 'permanent',
  'order-schema': 'permanent',
  // Its releases: the listing and the manifest
  'not-listed': 'permanent',
  withdrawn: 'permanent',
  'listing-policy': 'permanent',
  'manifest-size': 'permanent',
  'manifest-digest': 'permanent',
  'manifest-schema': 'permanent',
  'manifest-identity': 'permanent',
  incompatible: 'permanent',
  dtype: 'permanent',
  // Its bytes
  'blob-size': 'permanent',
  'blob-digest': 'permanent',
  // The runner's own check, load and probe
  'runner-refused': 'permanent',
  graph: 'permanent',
  load: 'permanent',
  golden: 'permanent',
  'probe-died': 'permanent',
  'runner-spawn': 'passing',
  'probe-timeout': 'passing',
  latency: 'passing',
  memory: 'passing',
  // The world
  disk: 'passing',
  network: 'passing',
  'metadata-stale': 'passing',
  'metadata-refused': 'passing',
  // After it served
  /** A canary's: the whole device ran low, and the canary goes first. */
  'memory-low': 'passing',
  /** A canary’s that keeps state: it cannot run in a shadow. */
  'stateful-shadow': 'permanent',
  'runner-deaths': 'permanent',
  'canary-tripped': 'permanent',
} as const;

export type RefusalCode = keyof typeof refusalKinds;
export type RefusalKind = 'permanent' | 'passing';
export const refusalCodes = Object.keys(refusalKinds);

/** True when the code is one of ours. */
export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusalKinds, code);
}

/** A refusal as data: it travels in reports and events. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}
