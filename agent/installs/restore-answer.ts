import { type Refusal, refusalKinds } from '@bellwether/shared/contract/refusal';

/** What a refusal means for a release that served here before. */
export type RestoreAnswer = 'bytes-lost' | 'wait' | 'refuse';

const lostCodes: ReadonlySet<string> = new Set(['manifest-size', 'manifest-digest', 'blob-size', 'blob-digest']);
/** A listing may come back with the next metadata, and a probe may have died of something else: neither is believed for good. */
const waitedCodes: ReadonlySet<string> = new Set(['not-listed', 'listing-policy', 'withdrawn', 'probe-died']);

/** Whether its bytes are to be fetched again, it is worth another try later, or it may not serve under this order. */
export function restoreAnswer({ code }: Refusal): RestoreAnswer {
  if (lostCodes.has(code)) return 'bytes-lost';
  return waitedCodes.has(code) || refusalKinds[code] === 'passing' ? 'wait' : 'refuse';
}
