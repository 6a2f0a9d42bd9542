import { readFile } from 'node:fs/promises';

/** The public key of a key file, open or sealed. */
export async function readKeyPublic(path: string): Promise<string> {
  const key = JSON.parse(await readFile(path, 'utf8')) as { readonly public: string };
  return key.public;
}
