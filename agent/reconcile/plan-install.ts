import { isRefusalCode, refusalKinds } from '@bellwether/shared/contract/refusal';
import type { ObservedInstall } from './observed.js';

/** One install at a time: two probes would spoil each other's latency, two downloads each other's disk check. */
export const installLane = 'install';

/** Steps that change what answers a model's calls run one after the other. */
export function servingLane(model: string): string {
  return `serving/${model}`;
}

/** Why an ordered release whose runner is not there is worked on now; undefined when it is not. `order`: the entry that wants it. */
export function installReason(
  { record, waitMs }: ObservedInstall,
  isStandby: boolean,
  order: string,
): string | undefined {
  const { phase, verdict } = record;
  switch (phase) {
    case 'fetching':
    case 'verifying':
    case 'probing':
      return waitMs === 0 ? `ordered, and ${phase}` : undefined;
    case 'standby':
      return isStandby ? undefined : 'ordered, and its runner is gone';
    case 'serving':
    case 'settled':
      return undefined;
    case 'refused':
    case 'reverted':
      if (verdict === null || verdict.order !== order) return `${phase} under another order`;
      return isPassing(verdict.code) && waitMs === 0 ? `${verdict.code} may have passed` : undefined;
  }
}

/** True for a code after which trying again without a new order makes sense [T-6]. */
export function isPassing(code: string): boolean {
  return isRefusalCode(code) && refusalKinds[code] === 'passing';
}
