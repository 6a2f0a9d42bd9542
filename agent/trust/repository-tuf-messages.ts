import type { RefusalCode } from '@bellwether/shared/contract/refusal';
import type { RefreshRequest } from './repository.js';
import type { TufProgress } from './repository-tuf-workflow.js';

/**
 * What the main thread and the TUF worker say to each other: one task, then as many fetches as it takes, one at a time,
 * then an answer. The worker has no network: starting one in a new thread costs more than the verification.
 */
export type ToWorker =
  | { readonly kind: 'task'; readonly request: RefreshRequest }
  | { readonly kind: 'file'; readonly bytes: Uint8Array | undefined }
  | WorkerRefusal;

export type FromWorker =
  | { readonly kind: 'fetch'; readonly name: string; readonly maxBytes: number }
  | { readonly kind: 'updated'; readonly metadata: TufProgress }
  | WorkerRefusal;

/** An AdmissionRefusal on its way between threads. */
export interface WorkerRefusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
}
