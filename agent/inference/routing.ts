import type { KeyArm } from './key-arms.js';

/** What the way of a call depends on; nothing of it is its input. */
export interface RoutingCase {
  readonly mode: 'shadow' | 'split' | 'full';
  /** True when the draw says so; not asked where it does not matter. */
  readonly isDrawn: () => boolean;
  /** Salt and share of the draw. */
  readonly draw: string;
  /** The model keeps state between calls. */
  readonly hasState: boolean;
  readonly key: string | undefined;
  /** The call forgets its key's state first. */
  readonly isReset: boolean;
  /** Where its key's state lies. */
  readonly keyArm: KeyArm | undefined;
}

/** The arm that answers, whether the call runs in the shadow too, and whether what happens is evidence. */
export interface Route {
  readonly arm: 'stable' | 'canary';
  readonly shadow: boolean;
  readonly isEvidence: boolean;
}

const stableAlone: Route = { arm: 'stable', shadow: false, isEvidence: false };

/** The way of a call while a canary is ready. Called once for each request, after its queue had room. */
export function routeOf(call: RoutingCase): Route {
  if (call.hasState) return statefulRoute(call);
  if (call.mode === 'full') return { arm: 'canary', shadow: false, isEvidence: true };
  const isDrawn = call.isDrawn();
  if (call.mode === 'shadow') return { arm: 'stable', shadow: isDrawn, isEvidence: isDrawn };
  return { arm: isDrawn ? 'canary' : 'stable', shadow: false, isEvidence: true };
}

/** State cannot be copied: no shadow, a split by key only, and a key changes its arm only where it begins anew. */
function statefulRoute({ mode, isDrawn, draw, key, isReset, keyArm }: RoutingCase): Route {
  if (mode === 'shadow') return stableAlone;
  if (key === undefined) return mode === 'full' ? { arm: 'canary', shadow: false, isEvidence: true } : stableAlone;
  const isBound = keyArm !== undefined && !isReset;
  // A key that was not drawn under this share is in its arm for another reason, and says nothing about the draw.
  if (isBound) return { arm: keyArm.arm, shadow: false, isEvidence: keyArm.draw === draw };
  const arm = mode === 'full' || isDrawn() ? 'canary' : 'stable';
  return { arm, shadow: false, isEvidence: true };
}
