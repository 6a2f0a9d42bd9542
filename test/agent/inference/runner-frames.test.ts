import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  FrameError,
  FrameParser,
  maxHeaderBytes,
  tensorBytes,
} from '@bellwether/agent/inference/runner-frames';

const maxBytes = 1024 * 1024;

const someTensors = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 });
const someFrame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  header: fc.jsonValue(),
  tensors: someTensors,
});

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(someFrame, { minLength: 1, maxLength: 5 }), sizes, (frames, cuts) => {
        const stream = Buffer.concat(
          frames.flatMap(({ type, id, header, tensors }) => encodeFrame(type, id, header, tensors)),
        );
        const parser = new FrameParser(maxBytes);
        const got = cut(stream, cuts).flatMap((chunk) => parser.push(chunk));
        expect(got).toHaveLength(frames.length);
        for (const [i, { type, id, header, tensors }] of frames.entries()) {
          const frame = got[i];
          expect(frame).toMatchObject({ type, id });
          expect(JSON.stringify(frame?.header)).toBe(JSON.stringify(header));
          const bytes = tensorBytes(
            frame?.body ?? new Uint8Array(),
            tensors.map((tensor) => tensor.length),
          );
          expect(bytes.map((tensor) => [...tensor])).toEqual(tensors.map((tensor) => [...tensor]));
        }
      }),
    );
  });

  it('send large tensors without copying them', () => {
    const tensor = new Uint8Array(100_000);
    expect(encodeFrame(2, 1, {}, [tensor])).toContain(tensor);
    expect(encodeFrame(2, 1, {}, [new Uint8Array(100)])).toHaveLength(1);
  });

  it('put every tensor where a typed array can look at it', () => {
    const [whole = new Uint8Array()] = encodeFrame(2, 1, { odd: 'header' }, [new Uint8Array(3), new Uint8Array(8)]);
    const chunks = [whole.subarray(0, 20), whole.subarray(20)];
    const parser = new FrameParser(maxBytes);
    const [frame] = chunks.flatMap((chunk) => parser.push(chunk));
    const tensors = tensorBytes(frame?.body ?? new Uint8Array(), [3, 8]);
    expect(tensors.map((tensor) => tensor.byteOffset % 8)).toEqual([0, 0]);
  });

  it('look at a frame inside one chunk without copying it', () => {
    const [whole = new Uint8Array()] = encodeFrame(2, 1, {}, [new Uint8Array(64)]);
    const [frame] = new FrameParser(maxBytes).push(whole);
    expect(frame?.body.buffer).toBe(whole.buffer);
  });

  it('refuses a frame over the limit before any of it is kept', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(maxBytes + 1);
    expect(errorOf(() => new FrameParser(maxBytes).push(head))).toMatchObject({ code: 'frame-size' });
  });

  it('refuses a frame that is too short to be one', () => {
    const error = errorOf(() => new FrameParser(maxBytes).push(Buffer.alloc(16)));
    expect(error).toBeInstanceOf(FrameError);
    expect(error).toMatchObject({ code: 'frame-size' });
  });

  it.each([
    ['a header beyond its end', (frame: Buffer) => frame.writeUInt32LE(10_000, 12)],
    ['a header that is not JSON', (frame: Buffer) => frame.write('}', 16)],
  ])('refuses %s', (_what, spoil) => {
    const [bytes = new Uint8Array()] = encodeFrame(2, 1, { a: 1 });
    const frame = Buffer.from(bytes);
    spoil(frame);
    expect(errorOf(() => new FrameParser(maxBytes).push(frame))).toMatchObject({ code: 'frame-malformed' });
  });

  it('refuses tensors that do not fill the body', () => {
    expect(errorOf(() => tensorBytes(new Uint8Array(16), [8]))).toMatchObject({ code: 'frame-malformed' });
    expect(errorOf(() => tensorBytes(new Uint8Array(8), [8, 8]))).toMatchObject({ code: 'frame-malformed' });
  });

  it('may not have a header that holds up whoever parses it', () => {
    const parse = (length: number) => () =>
      new FrameParser(maxBytes).push(Buffer.concat(encodeFrame(2, 1, 'x'.repeat(length))));
    expect(parse(maxHeaderBytes - 2)).not.toThrow();
    expect(errorOf(parse(maxHeaderBytes))).toMatchObject({ code: 'frame-size' });
  });
});
