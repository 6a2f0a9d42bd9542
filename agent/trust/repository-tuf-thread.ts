import { Worker } from 'node:worker_threads';
import type { RefusalCode } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import type { RemoteFolder } from './metadata-http.js';
import { AdmissionRefusal } from './refusal.js';
import type { RefreshRequest } from './repository.js';
import type { TufMetadata } from './repository-tuf-workflow.js';

/** What the worker is given. */
export interface WorkerTask {
  readonly request: RefreshRequest;
  /** Where the metadata files lie. */
  readonly remote: RemoteFolder;
}

/** What the worker answers, once. */
export type WorkerAnswer =
  | { readonly kind: 'updated'; readonly metadata: TufMetadata }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string };

/** When the thread is ended, whatever it is doing: no metadata can stop the agent. */
export interface ThreadLimits {
  readonly signal: AbortSignal;
  /** For the whole task. Each request has a time limit of its own, so what comes this far is the verification. */
  readonly deadlineMs: number;
}

/** Does the task in a worker thread. Rejects with AdmissionRefusal. */
export async function updateInThread(task: WorkerTask, limits: ThreadLimits): Promise<TufMetadata> {
  const answer = limits.signal.aborted ? aborted : await answerOf(task, limits);
  if (answer.kind === 'refused') throw new AdmissionRefusal(answer.code, answer.message);
  return answer.metadata;
}

async function answerOf(task: WorkerTask, { signal, deadlineMs }: ThreadLimits): Promise<WorkerAnswer> {
  const worker = new Worker(new URL('./repository-tuf-worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  const answered = new AbortController();
  // Not AbortSignal.any over a timeout: Node 20 may collect the timeout as garbage before it fires (m).
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<WorkerAnswer>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve(refused(`the metadata could not be verified: ${messageOf(error)}`)));
      worker.once('exit', (code) => resolve(refused(`the verifier ended with code ${code}`)));
      timer = setTimeout(() => resolve(refused('verifying the metadata took too long')), deadlineMs);
      signal.addEventListener('abort', () => resolve(aborted), { signal: answered.signal });
      worker.postMessage(task);
    });
  } finally {
    clearTimeout(timer);
    answered.abort();
    await worker.terminate();
  }
}

const aborted: WorkerAnswer = { kind: 'refused', code: 'network', message: 'the refresh was aborted' };

function refused(message: string): WorkerAnswer {
  return { kind: 'refused', code: 'metadata-refused', message };
}
