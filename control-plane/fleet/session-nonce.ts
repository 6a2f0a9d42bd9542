import { createHmac, randomBytes } from 'node:crypto';
import { secretsEqual } from '@bellwether/shared/signing/digest';

const lifetimeMs = 60_000;

/**
 * Nonces that live 60 seconds and work once. A nonce is its expiry (6 bytes), 10 random bytes and a tag over both and the
 * device, so that asking for one costs the server no memory: nobody can fill it from outside. Remembered are only
 * those that a device has signed, for the rest of their minute.
 */
export class SessionNonces {
  readonly #secret = randomBytes(32);
  readonly #used = new Map<string, number>();

  issue(device: string, nowMs: number): string {
    const head = Buffer.alloc(16);
    head.writeUIntBE(nowMs + lifetimeMs, 0, 6);
    randomBytes(10).copy(head, 6);
    return head.toString('hex') + this.#tag(device, head.toString('hex'));
  }

  /** True once for a nonce that was issued to this device within the last minute. Call it only after the signature passed. */
  use(nonce: string, device: string, nowMs: number): boolean {
    const head = nonce.slice(0, 32);
    if (!secretsEqual(nonce.slice(32), this.#tag(device, head))) return false;
    const expiresAtMs = Number.parseInt(head.slice(0, 12), 16);
    // In the order of their use, which is nearly that of their expiry: looking at all of them costs a large fleet its logins.
    for (const [used, expiry] of this.#used) {
      if (expiry > nowMs) break;
      this.#used.delete(used);
    }
    if (expiresAtMs <= nowMs || this.#used.has(nonce)) return false;
    this.#used.set(nonce, expiresAtMs);
    return true;
  }

  #tag(device: string, head: string): string {
    return createHmac('sha256', this.#secret).update(`${head}:${device}`).digest('hex').slice(0, 32);
  }
}
