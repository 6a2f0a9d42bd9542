import { Worker } from 'node:worker_threads';
import { messageOf } from '@bellwether/shared/errors';
import { AdmissionRefusal } from './refusal.js';
import type { RefreshRequest } from './repository.js';
import type { FromWorker, ToWorker } from './repository-tuf-messages.js';
import type { FetchFile, TufProgress } from './repository-tuf-workflow.js';

type FetchMessage = Extract<FromWorker, { readonly kind: 'fetch' }>;
type WorkerAnswer = Exclude<FromWorker, FetchMessage>;

/** When the thread is ended, whatever it is doing: no metadata can stop the agent. */
export interface ThreadLimits {
  readonly signal: AbortSignal;
  /** For the whole task. Each request has a time limit of its own, so what comes this far is the verification. */
  readonly deadlineMs: number;
}

/** Updates metadata in a worker thread, for which `fetchFile` is called here. Rejects with AdmissionRefusal. */
export async function updateInThread(
  request: RefreshRequest,
  fetchFile: FetchFile,
  limits: ThreadLimits,
): Promise<TufProgress> {
  const answer = limits.signal.aborted ? aborted : await answerOf(request, fetchFile, limits);
  if (answer.kind === 'refused') throw new AdmissionRefusal(answer.code, answer.message);
  return answer.metadata;
}

async function answerOf(
  request: RefreshRequest,
  fetchFile: FetchFile,
  { signal, deadlineMs }: ThreadLimits,
): Promise<WorkerAnswer> {
  const worker = new Worker(new URL('./repository-tuf-worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  const answered = new AbortController();
  const fetched = async ({ name, maxBytes }: FetchMessage): Promise<ToWorker> => {
    try {
      return { kind: 'file', bytes: await fetchFile(name, maxBytes) };
    } catch (error) {
      const code = error instanceof AdmissionRefusal ? error.code : 'network';
      return { kind: 'refused', code, message: messageOf(error) };
    }
  };
  // Not AbortSignal.any over a timeout: Node 20 may collect the timeout as garbage before it fires (m).
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<WorkerAnswer>((resolve) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'fetch') void fetched(message).then((reply) => worker.postMessage(reply));
        else resolve(message);
      });
      worker.once('error', (error) => resolve(refused(`the metadata could not be verified: ${messageOf(error)}`)));
      worker.once('exit', (code) => resolve(refused(`the verifier ended with code ${code}`)));
      timer = setTimeout(() => resolve(refused('verifying the metadata took too long')), deadlineMs);
      signal.addEventListener('abort', () => resolve(aborted), { signal: answered.signal });
      worker.postMessage({ kind: 'task', request } satisfies ToWorker);
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
