import { Agent, request } from 'node:http';

/** A request that went out: when it was meant to, how long its answer took from then on, and whether it was one. */
export interface Sent {
  readonly dueMs: number;
  readonly latencyMs: number;
  readonly error: string | null;
}

/** What to send: a body of the Open Inference Protocol, its JSON part `headerBytes` long. */
export interface LoadBody {
  readonly model: string;
  readonly body: Uint8Array;
  readonly headerBytes: number;
}

/**
 * Requests to a local API at a fixed rate, whether or not the last ones have been answered; latency counts from the
 * moment a request was meant to go out.
 */
export class OpenLoop {
  readonly sent: Sent[] = [];
  readonly #socketPath: string;
  readonly #load: LoadBody;
  readonly #periodMs: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(socketPath: string, load: LoadBody, perSecond: number) {
    this.#socketPath = socketPath;
    this.#load = load;
    this.#periodMs = 1000 / perSecond;
  }

  /** Starts `offsetMs` from now: several loops need not beat together. */
  start(offsetMs = 0): void {
    const startMs = performance.now() + offsetMs;
    let count = 0;
    this.#timer = setInterval(() => {
      for (; startMs + count * this.#periodMs <= performance.now(); count++)
        this.#send(startMs + count * this.#periodMs);
    }, 1);
  }

  /** Sends no more and waits for the answers. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }

  #send(dueMs: number): void {
    const exchange = this.#ask()
      .then(
        (status) => (status === 200 ? null : `status ${status}`),
        (error: unknown) => String(error),
      )
      .then((error) => {
        this.sent.push({ dueMs, latencyMs: performance.now() - dueMs, error });
        this.#open.delete(exchange);
      });
    this.#open.add(exchange);
  }

  async #ask(): Promise<number> {
    const { model, body, headerBytes } = this.#load;
    return new Promise((resolve, reject) => {
      const call = request(
        {
          socketPath: this.#socketPath,
          agent: this.#agent,
          method: 'POST',
          path: `/v2/models/${model}/infer`,
          headers: {
            'content-type': 'application/octet-stream',
            'content-length': body.byteLength,
            'inference-header-content-length': headerBytes,
          },
        },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
          response.once('error', reject);
        },
      );
      call.once('error', reject);
      call.end(body);
    });
  }
}

/** A binary request body for FP32 and INT64 inputs, all zeros, or `fill` in every number. */
export function loadBody(
  model: string,
  inputs: readonly {
    readonly name: string;
    readonly datatype: 'FP32' | 'INT64';
    readonly shape: readonly number[];
    readonly fill?: number;
  }[],
): LoadBody {
  const parts = inputs.map(({ datatype, shape, fill = 0 }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values =
      datatype === 'FP32'
        ? new Float32Array(count).fill(fill)
        : new BigInt64Array(count).fill(BigInt(Math.round(fill)));
    return Buffer.from(values.buffer);
  });
  const header = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, datatype, shape }, i) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: parts[i]?.byteLength ?? 0 },
      })),
      parameters: { binary_data_output: true },
    }),
  );
  return { model, body: Buffer.concat([header, ...parts]), headerBytes: header.byteLength };
}
