import type { Refusal } from '@bellwether/shared/contract/refusal';
import type { ProbationProgress } from './probation.js';

/** What can happen to an install. `order` is the digest of the order's entry under which it happened. */
export type InstallEvent =
  | {
      readonly type:
        | 'fetched'
        | 'verified'
        | 'probed'
        | 'probation-passed'
        | 'bytes-lost'
        | 'standby-lost'
        | 'begun'
        | 'lifted'
        | 'aborted';
    }
  | { readonly type: 'swapped'; readonly ordinal: number }
  | { readonly type: 'probation-kept'; readonly progress: ProbationProgress }
  | {
      readonly type: 'runner-died';
      readonly why: string;
      readonly order: string;
      readonly progress?: ProbationProgress;
    }
  /** As canary it gets calls from now on: on disk first, so that an end of the agent soon after is known for what it may be. */
  | { readonly type: 'canary-begun'; readonly order: string }
  /** Its first minute with calls is over, or it has none any more. */
  | { readonly type: 'canary-steady' }
  | { readonly type: 'canary-died'; readonly why: string; readonly order: string }
  /** A canary that this device's own breaker has switched off. */
  | { readonly type: 'canary-off'; readonly message: string; readonly order: string }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly order: string }
  | { readonly type: 'agent-restarted'; readonly order: string };
