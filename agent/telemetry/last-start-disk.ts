import { readFile } from 'node:fs/promises';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { compiledLastStart, type LastStart, newsBetween, type StartNews } from './last-start.js';

/** What is new since the last start, and how to remember this one. */
export interface StartMemory {
  readonly news: readonly StartNews[];
  /** Rejects with Node's own error. */
  keep(): Promise<void>;
}

export interface StartMemoryParts {
  readonly path: string;
  readonly now: LastStart;
  /** Replaces a file as one; durable when it resolves. */
  readonly replaceFile: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly log: Log;
}

/** Reads the file of the last start. One that is not there, or is damaged, tells nothing. */
export async function openStartMemory({ path, now, replaceFile, log }: StartMemoryParts): Promise<StartMemory> {
  const text = `${JSON.stringify(now)}\n`;
  const before = await readLastStart(path, log);
  const isSame = before !== undefined && `${JSON.stringify(before)}\n` === text;
  return {
    news: newsBetween(before, now),
    // A flash card is not written for nothing.
    keep: async () => {
      if (!isSame) await replaceFile(path, Buffer.from(text));
    },
  };
}

async function readLastStart(path: string, log: Log): Promise<LastStart | undefined> {
  try {
    return decodeDocument(compiledLastStart, await readFile(path), { what: path, maxBytes: 64 * 1024 });
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') log.warn({ path, err: messageOf(cause) }, 'what the last start was cannot be read');
    return undefined;
  }
}
