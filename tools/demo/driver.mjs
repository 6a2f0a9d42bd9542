// Sends what cameras see of real handwritten digits to the agents' local APIs: open loop, so that a slow answer delays nobody else and
// latency counts from the moment a request was meant to go out.

import { Agent, request } from 'node:http';
import { digitOf, PIXELS } from '../../examples/digits/digits.mjs';
import { frameOf } from '../../examples/digits/field.mjs';

/**
 * One request that came back, or did not: which frame, when it was meant to leave, how long it took, who answered, was it
 * right (null: no digit was there to read). `fallback`: why stable answered in the canary's place.
 */
function outcome({ device, number, dueMs, release = null, arm = null, fallback = null, correct = null, error = null }) {
  return { device, number, dueMs, latencyMs: performance.now() - dueMs, release, arm, fallback, correct, error };
}

/**
 * Starts a stream of `perSecond` requests to each agent; answers `{ outcomes, add(agent), askAgain(outcome), stop() }`.
 * `askAgain` sends one frame once more, to the same device, and is no part of the outcomes.
 */
export function drive({ digits, perSecond }) {
  const outcomes = [];
  const waiting = new Set();
  const streams = [];

  const show = async (target, number) => {
    const { image, label } = frameOf(digits, number);
    const { logits, ...by } = await ask(target, image);
    return { ...by, correct: label === null ? null : digitOf(logits) === label };
  };

  const send = (target, number, dueMs) => {
    const asked = { device: target.name, number, dueMs };
    const done = show(target, number)
      .then((answer) => outcomes.push(outcome({ ...asked, ...answer })))
      .catch((error) => outcomes.push(outcome({ ...asked, error: error.message })))
      .finally(() => waiting.delete(done));
    waiting.add(done);
  };

  const askAgain = ({ device, number }) => {
    const { target } = streams.find((stream) => stream.target.name === device);
    return show(target, number);
  };

  const add = ({ name, socketPath }) => {
    // Every camera sees something else.
    const firstFrame = streams.length * 1000;
    const target = { name, socketPath, firstFrame, agent: new Agent({ keepAlive: true, maxSockets: 16 }) };
    const periodMs = 1000 / perSecond;
    const startMs = performance.now();
    let sent = 0;
    const timer = setInterval(
      () => {
        for (; startMs + sent * periodMs <= performance.now(); sent += 1) {
          send(target, sent + target.firstFrame, startMs + sent * periodMs);
        }
      },
      Math.min(periodMs, 10),
    );
    streams.push({ timer, target });
  };

  const stop = async () => {
    for (const { timer } of streams) clearInterval(timer);
    await Promise.all(waiting);
    for (const { target } of streams) target.agent.destroy();
  };

  return { outcomes, add, askAgain, stop };
}

/** One call of the Open Inference Protocol with the binary tensor extension, both ways. */
function ask({ socketPath, agent }, image) {
  const header = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name: 'image',
          datatype: 'FP32',
          shape: [1, 1, 28, 28],
          parameters: { binary_data_size: PIXELS * 4 },
        },
      ],
      outputs: [{ name: 'logits', parameters: { binary_data: true } }],
    }),
  );
  const body = Buffer.concat([header, Buffer.from(image.buffer, image.byteOffset, image.byteLength)]);
  return new Promise((resolve, reject) => {
    const call = request({
      socketPath,
      agent,
      method: 'POST',
      path: '/v2/models/digits/infer',
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': body.length,
        'inference-header-content-length': header.length,
      },
    });
    call.setTimeout(15_000, () => call.destroy(new Error('no answer within 15 s')));
    call.on('error', reject);
    call.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(read(response, Buffer.concat(parts)));
        } catch (error) {
          reject(error);
        }
      });
    });
    call.end(body);
  });
}

function read(response, bytes) {
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${bytes.toString('utf8', 0, 200)}`);
  const headerBytes = Number(response.headers['inference-header-content-length']);
  const answer = JSON.parse(bytes.toString('utf8', 0, headerBytes));
  const logits = new Float32Array(new Uint8Array(bytes.subarray(headerBytes, headerBytes + 40)).buffer);
  const { release, arm, fallback = null } = answer.parameters;
  return { release, arm, fallback, logits };
}

/** The q-quantile of numbers, null when there are none. */
export function quantileOf(numbers, q) {
  if (numbers.length === 0) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

/** How many of the digits that this release was shown it read right, 0…1; null when there were none. */
export function accuracyOf(outcomes, release) {
  const answered = outcomes.filter((o) => o.correct !== null && o.release === release);
  return answered.length === 0 ? null : answered.filter((o) => o.correct).length / answered.length;
}
