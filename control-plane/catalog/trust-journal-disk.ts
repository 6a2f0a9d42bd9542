import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { Compile, Type } from '@bellwether/shared/schema';
import { metadataMode } from './repository-layout.js';

const journalName = 'change.journal';

const Journal = Type.Object(
  {
    version: Type.Literal(1),
    /** In the order of writing: timestamp.json last. Base64. */
    files: Type.Array(
      Type.Object({ name: Type.String({ pattern: '^[a-z0-9.-]{1,120}\\.json$' }), bytes: Type.String() }),
    ),
  },
  { additionalProperties: false },
);
const compiled = Compile(Journal);

/**
 * Writes several metadata files as one: a new root and what it vouches for must not be half there after a power cut, and
 * no single rename covers them. All of them go into one durable file first; `finishWriting` completes what a crash
 * cut off.
 */
export async function writeTogether(
  disk: DiskFiles,
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const journal = {
    version: 1,
    files: [...files].map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes).toString('base64') })),
  };
  await replaceDurably(disk, join(folder, journalName), Buffer.from(JSON.stringify(journal)));
  await finishWriting(disk, folder);
}

/** Completes a change that was begun; nothing to do is the ordinary case. May be run again at any point. */
export async function finishWriting(disk: DiskFiles, folder: string): Promise<void> {
  const path = join(folder, journalName);
  const bytes = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return;
  const { files } = decodeDocument(compiled, bytes, { what: journalName, maxBytes: 64 * 1024 * 1024 });
  for (const { name, bytes: content } of files) {
    await replaceDurably(disk, join(folder, name), Buffer.from(content, 'base64'), metadataMode);
  }
  // The next change's sync of the folder covers it; until then it may come back, and be completed once more.
  await disk.remove(path);
}
