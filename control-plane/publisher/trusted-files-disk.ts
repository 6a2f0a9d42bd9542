import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf } from '@bellwether/shared/errors';
import { moveDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { PublisherError } from './publisher-error.js';

/** Verified metadata by file name, as text. */
export type TrustedFiles = ReadonlyMap<string, string>;

const TrustedFile = Type.Object(
  {
    version: Type.Literal(1),
    /** The root that all of it was verified from. */
    rootSha256: Type.String({ pattern: hex64Pattern }),
    files: Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,100}\\.json$' }), Type.String({ maxLength: 1024 * 1024 }), {
      additionalProperties: false,
    }),
  },
  { additionalProperties: false },
);
type TrustedFile = Static<typeof TrustedFile>;

const compiled = Compile(TrustedFile);

/**
 * Reads what was believed last; undefined before the first time. A damaged file is an error and not a new beginning, since
 * whoever may damage it could roll the repository back. Throws PublisherError `floors-damaged` or `other-root`.
 */
export async function readTrustedFiles(path: string, rootSha256: string): Promise<TrustedFiles | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const trusted = decodeTrusted(bytes, path);
  if (trusted.rootSha256 !== rootSha256) {
    throw new PublisherError(
      'other-root',
      `${path} was verified from the root ${trusted.rootSha256}, not from ${rootSha256}`,
    );
  }
  return new Map(Object.entries(trusted.files));
}

/** Keeps what was verified, all of it or nothing. */
export async function writeTrustedFiles(path: string, rootSha256: string, files: TrustedFiles): Promise<void> {
  const trusted: TrustedFile = { version: 1, rootSha256, files: Object.fromEntries(files) };
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, JSON.stringify(trusted), { flush: true });
    await moveDurably(nodeFiles, temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function decodeTrusted(bytes: Uint8Array, path: string): TrustedFile {
  try {
    return decodeDocument(compiled, bytes, { what: path, maxBytes: 64 * 1024 * 1024 });
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new PublisherError(
      'floors-damaged',
      `${cause.message}: restore it, or delete it if you accept that an older repository could be shown to you once`,
      { cause },
    );
  }
}
