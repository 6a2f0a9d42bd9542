import { randomBytes, scrypt } from 'node:crypto';
import { secretsEqual } from '@bellwether/shared/signing/digest';
import { OperatorError } from './operator-error.js';

/** The work of one scrypt (RFC 7914). Memory is 128 · n · r bytes. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and three passes: OWASP's password storage table for scrypt (2024). */
export const defaultCost: ScryptCost = { n: 2 ** 15, r: 8, p: 3 };

const keyBytes = 32;
const maxWaiting = 16;
const form = /^scrypt\$n=([1-9][0-9]{0,7}),r=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/**
 * Hashes and checks passwords, one at a time: whoever sends many logins waits in line, and takes neither the memory nor
 * the threads that files need. The parameters are part of each hash, so that they can grow later.
 */
export class PasswordHasher {
  readonly #cost: ScryptCost;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(cost: ScryptCost = defaultCost) {
    this.#cost = cost;
  }

  /** `scrypt$n=…,r=…,p=…$salt$hash`. Throws OperatorError `login-busy`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    const { n, r, p } = this.#cost;
    const key = await this.#derive(password, salt, this.#cost);
    return `scrypt$n=${n},r=${r},p=${p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
  }

  /**
   * Whether the password is the one. Without a hash the work is done all the same, and the answer is no: how long it
   * takes does not say whether there is such an account. Throws OperatorError `login-busy`.
   */
  async matches(password: string, hash: string | null): Promise<boolean> {
    const [, n, r, p, salt = '', expected = ''] = form.exec(hash ?? '') ?? [];
    if (n === undefined) {
      await this.#derive(password, randomBytes(16), this.#cost);
      return false;
    }
    const cost = { n: Number(n), r: Number(r), p: Number(p) };
    const key = await this.#derive(password, Buffer.from(salt, 'base64url'), cost);
    return secretsEqual(key.toString('base64url'), expected);
  }

  async #derive(password: string, salt: Buffer, { n, r, p }: ScryptCost): Promise<Buffer> {
    if (this.#waiting >= maxWaiting) {
      throw new OperatorError('login-busy', `${maxWaiting} logins are being judged; try again in a moment`, 5);
    }
    this.#waiting++;
    // The same password typed on another keyboard may come in another normal form (RFC 8265).
    const secret = password.normalize('NFC');
    const options = { N: n, r, p, maxmem: 256 * n * r };
    const work = this.#tail.then(
      () =>
        new Promise<Buffer>((resolve, reject) => {
          scrypt(secret, salt, keyBytes, options, (error, key) => (error === null ? resolve(key) : reject(error)));
        }),
    );
    this.#tail = work.catch(() => {}); // whoever asked for it is told
    try {
      return await work;
    } finally {
      this.#waiting--;
    }
  }
}
