import { CodedError } from '@bellwether/shared/errors';

/**
 * The framing between main process and runner. One frame, all numbers little-endian:
 *
 *   u32 length of what follows · u8 type · 3 zero bytes · u32 call id · u32 header length · header · tensor bytes
 *
 * The header is JSON padded with spaces, and every tensor begins at a multiple of 8 bytes, so that a typed array can
 * look at the bytes where they lie.
 */

const prefixBytes = 16;
const alignment = 8;
/** Frames up to this size are copied together: one small write costs less than a gathered one. */
const joinBelowBytes = 64 * 1024;

/** Largest header: 64 tensors with long names are 25 kB, and parsing more would hold up whoever reads it. */
export const maxHeaderBytes = 256 * 1024;

export type FrameErrorCode = 'frame-size' | 'frame-malformed';

/** Bytes that are no frame; the connection cannot be used any more. */
export class FrameError extends CodedError<FrameErrorCode> {}

/** One frame that came in; `header` is parsed JSON that nobody has checked, `body` holds the tensors' bytes. */
export interface Frame {
  readonly type: number;
  readonly id: number;
  readonly header: unknown;
  readonly body: Uint8Array;
}

/** Writes a frame as the buffers to send, in order; large tensors are not copied. */
export function encodeFrame(
  type: number,
  id: number,
  header: unknown,
  tensors: readonly Uint8Array[] = [],
): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = alignedSize(json.length);
  const bodyBytes = tensors.reduce((sum, tensor) => sum + alignedSize(tensor.byteLength), 0);
  const length = prefixBytes + headerBytes + bodyBytes;
  const isJoined = length <= joinBelowBytes;
  const head = Buffer.alloc(isJoined ? length : prefixBytes + headerBytes);
  head.writeUInt32LE(length - 4, 0);
  head.writeUInt8(type, 4);
  head.writeUInt32LE(id, 8);
  head.writeUInt32LE(headerBytes, 12);
  json.copy(head, prefixBytes);
  head.fill(' ', prefixBytes + json.length, prefixBytes + headerBytes);
  if (!isJoined) return [head, ...tensors.flatMap(padded)];
  let at = prefixBytes + headerBytes;
  for (const tensor of tensors) {
    head.set(tensor, at);
    at += alignedSize(tensor.byteLength);
  }
  return [head];
}

/** Cuts the tensors of the given sizes out of a frame's body, without copying; throws FrameError when they do not fill it. */
export function tensorBytes(body: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  const tensors = sizes.map((size) => {
    const tensor = body.subarray(at, at + size);
    at += alignedSize(size);
    return tensor;
  });
  if (at !== body.byteLength) {
    throw new FrameError('frame-malformed', `tensors of ${at} bytes in a body of ${body.byteLength}`);
  }
  return tensors;
}

/** Puts frames together from the chunks of a stream. A frame inside one chunk is a view of it; others are copied once. */
export class FrameParser {
  readonly #maxFrameBytes: number;
  /** What came of a length field that is not yet whole. */
  #prefix: Uint8Array = new Uint8Array();
  /** The frame that is being filled, from its length field on. */
  #frame: Buffer | undefined;
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The frames that this chunk completes. Throws FrameError; do not push after that. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.byteLength > 0) {
      if (this.#frame === undefined) rest = this.#begin(rest, frames);
      else rest = this.#fill(this.#frame, rest, frames);
    }
    return frames;
  }

  #begin(chunk: Uint8Array, frames: Frame[]): Uint8Array {
    const bytes = this.#prefix.byteLength === 0 ? chunk : Buffer.concat([this.#prefix, chunk]);
    if (bytes.byteLength < 4) {
      this.#prefix = bytes;
      return new Uint8Array();
    }
    this.#prefix = new Uint8Array();
    const size = 4 + view(bytes).readUInt32LE(0);
    if (size < prefixBytes || size > this.#maxFrameBytes) {
      throw new FrameError(
        'frame-size',
        `a frame of ${size} bytes, allowed are ${prefixBytes} to ${this.#maxFrameBytes}`,
      );
    }
    if (bytes.byteLength >= size) {
      frames.push(readFrame(view(bytes).subarray(0, size)));
      return bytes.subarray(size);
    }
    this.#frame = Buffer.from(new ArrayBuffer(size));
    this.#frame.set(bytes);
    this.#filled = bytes.byteLength;
    return new Uint8Array();
  }

  #fill(frame: Buffer, chunk: Uint8Array, frames: Frame[]): Uint8Array {
    const taken = Math.min(chunk.byteLength, frame.byteLength - this.#filled);
    frame.set(chunk.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === frame.byteLength) {
      this.#frame = undefined;
      frames.push(readFrame(frame));
    }
    return chunk.subarray(taken);
  }
}

function readFrame(bytes: Buffer): Frame {
  const headerBytes = bytes.readUInt32LE(12);
  const headerEnd = prefixBytes + headerBytes;
  if (headerBytes > maxHeaderBytes) {
    throw new FrameError('frame-size', `a header of ${headerBytes} bytes, allowed are ${maxHeaderBytes}`);
  }
  if (headerEnd > bytes.byteLength) {
    throw new FrameError(
      'frame-malformed',
      `a header that ends at ${headerEnd} in a frame of ${bytes.byteLength} bytes`,
    );
  }
  return {
    type: bytes.readUInt8(4),
    id: bytes.readUInt32LE(8),
    header: parseHeader(bytes.toString('utf8', prefixBytes, headerEnd)),
    body: bytes.subarray(headerEnd),
  };
}

function parseHeader(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError('frame-malformed', 'a header that is not JSON', { cause });
  }
}

function alignedSize(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function padded(tensor: Uint8Array): Uint8Array[] {
  const padding = alignedSize(tensor.byteLength) - tensor.byteLength;
  return padding === 0 ? [tensor] : [tensor, new Uint8Array(padding)];
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
