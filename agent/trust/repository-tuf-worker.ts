import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { AdmissionRefusal } from './refusal.js';
import type { RefreshRequest } from './repository.js';
import type { FromWorker, ToWorker } from './repository-tuf-messages.js';
import { updateMetadata } from './repository-tuf-workflow.js';

/** The worker's main: one task, one answer. What is no refusal ends the worker, and so reaches its owner. */

parentPort?.once('message', (message: ToWorker) => {
  if (message.kind === 'task') void answer(message.request).then(say);
});

async function answer(request: RefreshRequest): Promise<FromWorker> {
  try {
    return { kind: 'updated', metadata: await updateMetadata(request, fetchFile) };
  } catch (error) {
    if (!(error instanceof AdmissionRefusal)) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
}

async function fetchFile(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
  if (parentPort === null) return undefined;
  const reply = once(parentPort, 'message');
  say({ kind: 'fetch', name, maxBytes });
  const [message] = (await reply) as [ToWorker];
  if (message.kind === 'refused') throw new AdmissionRefusal(message.code, message.message);
  return message.kind === 'file' ? message.bytes : undefined;
}

function say(message: FromWorker): void {
  parentPort?.postMessage(message);
}
