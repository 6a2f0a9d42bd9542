import { parentPort } from 'node:worker_threads';
import { AdmissionRefusal } from './refusal.js';
import type { WorkerAnswer, WorkerTask } from './repository-tuf-thread.js';
import { updateMetadata } from './repository-tuf-workflow.js';

/** The worker's main: one task, one answer. What is no refusal ends the worker, and so reaches its owner. */

parentPort?.once('message', (task: WorkerTask) => {
  void answer(task).then((result) => parentPort?.postMessage(result));
});

async function answer({ request, remote }: WorkerTask): Promise<WorkerAnswer> {
  try {
    return { kind: 'updated', metadata: await updateMetadata(request, remote) };
  } catch (error) {
    if (!(error instanceof AdmissionRefusal)) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
}
