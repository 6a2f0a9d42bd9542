import type { Socket } from 'node:net';
import { encodeFrame, type Frame, FrameParser, maxHeaderBytes } from './runner-frames.js';
import type { FrameType } from './runner-messages.js';

/** Largest frame either side takes: the largest request body that a configuration may allow, 1,024 MB, and room for its header. */
const maxFrameBytes = 1024 * 1024 * 1024 + maxHeaderBytes + 4096;

interface LinkHandlers {
  frame(frame: Frame): void;
  /** Once: the other side is gone, or `fault` says what it sent that is no frame. */
  closed(fault?: unknown): void;
}

/** Frames over the socket between main process and runner; both sides use it. */
export class RunnerLink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Begins to read. */
  start(handlers: LinkHandlers): void {
    const parser = new FrameParser(maxFrameBytes);
    let fault: unknown;
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of parser.push(chunk)) handlers.frame(frame);
      } catch (thrown) {
        fault = thrown;
        this.#socket.destroy();
      }
    });
    // The reason is in `close`, which always follows; a broken pipe is how the other side's death looks.
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => handlers.closed(fault));
  }

  /** Sends one frame in one system call, whatever it consists of. */
  send(type: FrameType, id: number, header: unknown, tensors: readonly Uint8Array[] = []): void {
    this.#socket.cork();
    for (const buffer of encodeFrame(type, id, header, tensors)) this.#socket.write(buffer);
    this.#socket.uncork();
  }
}
