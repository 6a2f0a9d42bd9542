import { readFile } from 'node:fs/promises';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { Compile, Type } from '@bellwether/shared/schema';

const compiled = Compile(Type.Object({ version: Type.String() }));

/** The version of this package: the server's and the command line's. */
export async function ownVersion(): Promise<string> {
  const bytes = await readFile(new URL('../package.json', import.meta.url));
  return decodeDocument(compiled, bytes, { what: 'package.json', maxBytes: 64 * 1024 }).version;
}
