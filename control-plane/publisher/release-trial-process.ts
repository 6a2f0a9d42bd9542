import { fork } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { compiledTrialReply, TrialError, type TrialReply, type TrialResult } from './release-trial.js';

/** Longest trial: a large benchmark on a slow laptop. */
const maxTrialMs = 30 * 60_000;

/**
 * The trial in a process of its own: onnxruntime aborts the process that runs some valid models, and a model that hangs
 * is cut off. It gets no environment, so neither token nor passphrase. Rejects with TrialError.
 */
export async function tryRelease(folder: string, manifestSha256: string): Promise<TrialResult> {
  const child = fork(fileURLToPath(new URL('release-trial-onnx.js', import.meta.url)), [folder, manifestSha256], {
    // HOME: onnxruntime would write below the person's own.
    env: { ORT_DISABLE_TELEMETRY: '1', HOME: folder },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: maxTrialMs,
    killSignal: 'SIGKILL',
  });
  if (child.stdout === null || child.stderr === null) throw new TypeError('a piped child has its streams');
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `it ended with ${code}` : `it was ended by ${signal}`),
    );
  });
  const [out, err, why] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const reply = replyOf(out);
  if (reply === undefined) {
    throw new TrialError('trial-died', `the release was run, and ${why} without an answer: ${err.trim().slice(-500)}`);
  }
  if ('problem' in reply) throw new TrialError('trial-failed', reply.problem);
  return reply;
}

function replyOf(out: string): TrialReply | undefined {
  try {
    const value: unknown = JSON.parse(out);
    return compiledTrialReply.Check(value) ? value : undefined;
  } catch {
    return undefined; // no answer: the process says by its end what there is to say
  }
}
