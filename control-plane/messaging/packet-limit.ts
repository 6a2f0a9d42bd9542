/** The bit of a length byte that says another one follows (MQTT 3.1.1 §2.2.3). */
const lengthContinues = 0x80;

/**
 * Watches the bytes of one MQTT connection for packets longer than a limit, without gathering them. aedes has no such
 * limit and would keep up to 256 MB of a single packet in memory, before anybody has logged in.
 */
export class PacketLimit {
  readonly #maxBytes: number;
  /** Bytes of the current packet's body that are still to come. */
  #bodyLeft = 0;
  /** Scale of the next length byte; 0 while the type byte is awaited. */
  #scale = 0;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False as soon as the chunk announces a packet whose remaining length is above the limit. */
  admits(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const skipped = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.#scale === 0) {
        this.#scale = 1;
        this.#length = 0;
        continue;
      }
      this.#length += (byte % lengthContinues) * this.#scale;
      if (this.#length > this.#maxBytes) return false;
      if (byte >= lengthContinues) {
        this.#scale *= lengthContinues;
        if (this.#scale > lengthContinues ** 3) return false;
      } else {
        this.#bodyLeft = this.#length;
        this.#scale = 0;
      }
    }
    return true;
  }
}
