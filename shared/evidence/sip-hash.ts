/**
 * SipHash-2-4 (Aumasson & Bernstein, 2012): 64 bits of a message under a 128-bit key. 64-bit words are pairs of 32-bit
 * halves in local variables, because BigInt costs twenty times as much per request, and arrays four times.
 */
export class SipHash {
  /** v0 low, v0 high, v1 low … v3 high, after the whole words of the prefix. */
  readonly #start: Int32Array;
  /** What of the prefix fills no word, with room for the message. */
  #bytes: Uint8Array;
  readonly #pending: number;
  readonly #absorbed: number;
  readonly #result = new Int32Array(2);

  /** `key`: 32 hex digits. `prefix` stands before every message, and is hashed but once. */
  constructor(key: string, prefix: Uint8Array = new Uint8Array()) {
    const raw = Buffer.from(key, 'hex');
    if (raw.length !== 16) throw new RangeError(`a SipHash key has 16 bytes, not ${raw.length}`);
    const [k0, k0h, k1, k1h] = [0, 4, 8, 12].map((at) => raw.readInt32LE(at));
    const words = [k0, k0h, k1, k1h, k0, k0h, k1, k1h];
    this.#start = Int32Array.from(magic, (word, i) => word ^ (words[i] ?? 0));
    this.#absorbed = prefix.length & ~7;
    this.#pending = prefix.length - this.#absorbed;
    this.#bytes = new Uint8Array(64);
    this.#bytes.set(prefix.subarray(this.#absorbed));
    absorb(this.#start, { bytes: prefix, length: this.#absorbed, total: undefined });
  }

  /** The hash's upper 53 bits as a number in [0, 1): every value is exact, and uniform. `length`: of the message, from its start. */
  unit(message: Uint8Array, length = message.length): number {
    this.#hash(message, length);
    return ((int(this.#result, 1) >>> 0) * 2 ** 21 + (int(this.#result, 0) >>> 11)) / 2 ** 53;
  }

  /** The hash as 16 hex digits, most significant first: for vectors. */
  hex(message: Uint8Array): string {
    this.#hash(message, message.length);
    return [1, 0].map((i) => (int(this.#result, i) >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #hash(message: Uint8Array, length: number): void {
    const all = this.#pending + length;
    if (all > this.#bytes.length) {
      const larger = new Uint8Array(2 * all);
      larger.set(this.#bytes.subarray(0, this.#pending));
      this.#bytes = larger;
    }
    for (let i = 0; i < length; i++) this.#bytes[this.#pending + i] = message[i] ?? 0;
    absorb(this.#start, { bytes: this.#bytes, length: all, total: this.#absorbed + all }, this.#result);
  }
}

const magic = [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462] as const;

interface Absorbed {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Length of the whole message when it ends here; undefined: only whole words, and more will come. */
  readonly total: number | undefined;
}

/**
 * The one loop of SipHash: two rounds a word, four at the end. Without an end the state is written back, with one the
 * hash, low half first, to `result`.
 */
function absorb(state: Int32Array, { bytes, length, total }: Absorbed, result: Int32Array = state): void {
  let [v0 = 0, v0h = 0, v1 = 0, v1h = 0, v2 = 0, v2h = 0, v3 = 0, v3h = 0] = state;
  const words = length >> 3;
  const last = total === undefined ? words - 1 : words + 1;
  for (let word = 0; word <= last; word++) {
    let low = 0;
    let high = 0;
    let rounds = 2;
    if (word > words) {
      v2 ^= 0xff;
      rounds = 4;
    } else {
      const at = word << 3;
      low = int32(bytes, at, length);
      high = int32(bytes, at + 4, length);
      // The last word has the message's length in its highest byte.
      if (word === words) high |= (total ?? 0) << 24;
      v3 ^= low;
      v3h ^= high;
    }
    for (; rounds > 0; rounds--) {
      let sum = (v0 >>> 0) + (v1 >>> 0);
      v0 = sum | 0;
      v0h = (v0h + v1h + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      let turned = (v1 << 13) | (v1h >>> 19);
      v1h = ((v1h << 13) | (v1 >>> 19)) ^ v0h;
      v1 = turned ^ v0;
      [v0, v0h] = [v0h, v0];
      sum = (v2 >>> 0) + (v3 >>> 0);
      v2 = sum | 0;
      v2h = (v2h + v3h + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      turned = (v3 << 16) | (v3h >>> 16);
      v3h = ((v3h << 16) | (v3 >>> 16)) ^ v2h;
      v3 = turned ^ v2;
      sum = (v0 >>> 0) + (v3 >>> 0);
      v0 = sum | 0;
      v0h = (v0h + v3h + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      turned = (v3 << 21) | (v3h >>> 11);
      v3h = ((v3h << 21) | (v3 >>> 11)) ^ v0h;
      v3 = turned ^ v0;
      sum = (v2 >>> 0) + (v1 >>> 0);
      v2 = sum | 0;
      v2h = (v2h + v1h + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      turned = (v1 << 17) | (v1h >>> 15);
      v1h = ((v1h << 17) | (v1 >>> 15)) ^ v2h;
      v1 = turned ^ v2;
      [v2, v2h] = [v2h, v2];
    }
    v0 ^= low;
    v0h ^= high;
  }
  if (total === undefined) {
    for (const [i, half] of [v0, v0h, v1, v1h, v2, v2h, v3, v3h].entries()) result[i] = half;
  } else {
    result[0] = v0 ^ v1 ^ v2 ^ v3;
    result[1] = v0h ^ v1h ^ v2h ^ v3h;
  }
}

/** Four bytes, little-endian; those beyond the end are 0. */
function int32(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = Math.min(at + 4, end) - 1; i >= at; i--) value = (value << 8) | (bytes[i] ?? 0);
  return value;
}

function int(values: Int32Array, i: number): number {
  return values[i] ?? 0;
}
