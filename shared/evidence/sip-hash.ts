/**
 * SipHash-2-4 (Aumasson & Bernstein, 2012): 64 bits of a message under a 128-bit key. 64-bit words are pairs of 32-bit
 * halves, because BigInt costs twenty times as much per request.
 */
export class SipHash {
  readonly #start: Int32Array;
  /** v0 low, v0 high, v1 low … v3 high. */
  readonly #v = new Int32Array(8);

  /** `key`: 32 hex digits. */
  constructor(key: string) {
    const raw = Buffer.from(key, 'hex');
    if (raw.length !== 16) throw new RangeError(`a SipHash key has 16 bytes, not ${raw.length}`);
    const [k0, k0h, k1, k1h] = [0, 4, 8, 12].map((at) => raw.readInt32LE(at));
    const words = [k0, k0h, k1, k1h, k0, k0h, k1, k1h];
    this.#start = Int32Array.from(magic, (word, i) => word ^ (words[i] ?? 0));
  }

  /** The hash's upper 53 bits as a number in [0, 1): every value is exact, and uniform. */
  unit(message: Uint8Array): number {
    this.#absorb(message);
    const high = at(this.#v, 1) ^ at(this.#v, 3) ^ at(this.#v, 5) ^ at(this.#v, 7);
    const low = at(this.#v, 0) ^ at(this.#v, 2) ^ at(this.#v, 4) ^ at(this.#v, 6);
    return ((high >>> 0) * 2 ** 21 + (low >>> 11)) / 2 ** 53;
  }

  /** The hash as 16 hex digits, most significant first: for vectors. */
  hex(message: Uint8Array): string {
    this.#absorb(message);
    const half = (i: number) => at(this.#v, i) ^ at(this.#v, i + 2) ^ at(this.#v, i + 4) ^ at(this.#v, i + 6);
    return [half(1), half(0)].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #absorb(message: Uint8Array): void {
    this.#v.set(this.#start);
    const whole = message.length & ~7;
    for (let i = 0; i < whole; i += 8) this.#word(int32(message, i), int32(message, i + 4));
    let low = 0;
    let high = message.length << 24;
    for (let i = message.length - 1; i >= whole; i--) {
      const byte = message[i] ?? 0;
      const place = i - whole;
      if (place < 4) low |= byte << (8 * place);
      else high |= byte << (8 * (place - 4));
    }
    this.#word(low, high);
    this.#v[4] = at(this.#v, 4) ^ 0xff;
    for (let i = 0; i < 4; i++) this.#round();
  }

  #word(low: number, high: number): void {
    const v = this.#v;
    v[6] = at(v, 6) ^ low;
    v[7] = at(v, 7) ^ high;
    this.#round();
    this.#round();
    v[0] = at(v, 0) ^ low;
    v[1] = at(v, 1) ^ high;
  }

  #round(): void {
    const v = this.#v;
    add(v, 0, 2);
    rotate(v, 2, 13);
    xor(v, 2, 0);
    rotate(v, 0, 32);
    add(v, 4, 6);
    rotate(v, 6, 16);
    xor(v, 6, 4);
    add(v, 0, 6);
    rotate(v, 6, 21);
    xor(v, 6, 0);
    add(v, 4, 2);
    rotate(v, 2, 17);
    xor(v, 2, 4);
    rotate(v, 4, 32);
  }
}

const magic = [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462] as const;

function at(v: Int32Array, i: number): number {
  return v[i] ?? 0;
}

function add(v: Int32Array, into: number, other: number): void {
  const low = (at(v, into) >>> 0) + (at(v, other) >>> 0);
  v[into] = low;
  v[into + 1] = at(v, into + 1) + at(v, other + 1) + (low > 0xffff_ffff ? 1 : 0);
}

function xor(v: Int32Array, into: number, other: number): void {
  v[into] = at(v, into) ^ at(v, other);
  v[into + 1] = at(v, into + 1) ^ at(v, other + 1);
}

function rotate(v: Int32Array, word: number, bits: number): void {
  const low = at(v, word);
  const high = at(v, word + 1);
  if (bits === 32) {
    v[word] = high;
    v[word + 1] = low;
    return;
  }
  v[word] = (low << bits) | (high >>> (32 - bits));
  v[word + 1] = (high << bits) | (low >>> (32 - bits));
}

function int32(bytes: Uint8Array, i: number): number {
  return (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
}
