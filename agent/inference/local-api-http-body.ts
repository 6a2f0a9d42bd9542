import type { IncomingMessage } from 'node:http';
import { LocalApiError } from './local-api-error.js';

/** How many bytes of bodies the API holds at once, over all its requests. */
export class BodyBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when there is no room for so many more. */
  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/** The largest body, and the budget of all of them. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly budget: BodyBudget;
}

/** The body of one request, which counts in the budget until it is released. */
export class HeldBody {
  readonly #limits: BodyLimits;
  #bytes = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** Reads it; rejects with LocalApiError. `maxJsonBytes` when all of it is JSON. A body of one chunk is not copied. */
  read(request: IncomingMessage, maxJsonBytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
    const maxBytes = Math.min(this.#limits.maxBodyBytes, maxJsonBytes);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const refuse = (error: LocalApiError): void => {
        // What still comes is read and thrown away, so that the answer gets through.
        request.removeAllListeners('data').resume();
        reject(error);
      };
      if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
        refuse(tooLarge(maxBytes));
        return;
      }
      request.on('data', (chunk: Buffer) => {
        const refusal = this.#hold(chunk.length, maxBytes);
        if (refusal === undefined) chunks.push(chunk);
        else refuse(refusal);
      });
      request.once('end', () => {
        const [only] = chunks;
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
      });
      request.once('close', () => {
        if (!request.complete) reject(new LocalApiError('client-gone', 'the request was broken off'));
      });
    });
  }

  /** Gives its room back. */
  release(): void {
    this.#limits.budget.give(this.#bytes);
    this.#bytes = 0;
  }

  #hold(bytes: number, maxBytes: number): LocalApiError | undefined {
    if (this.#bytes + bytes > maxBytes) return tooLarge(maxBytes);
    if (!this.#limits.budget.take(bytes)) return new LocalApiError('busy', 'too many large bodies are held already');
    this.#bytes += bytes;
    return undefined;
  }
}

function tooLarge(maxBytes: number): LocalApiError {
  const text = `the body has more than ${maxBytes} bytes; tensors that are sent as binary may take more`;
  return new LocalApiError('too-large', text);
}
