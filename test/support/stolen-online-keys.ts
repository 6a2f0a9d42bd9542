import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { metaOf, signedBytes } from './signed-repository.js';

interface Published {
  signed: {
    spec_version: string;
    version: number;
    expires: string;
    meta: Record<string, { version: number }>;
  };
}

/**
 * What a thief of the snapshot and timestamp keys does in a server's data folder: runs their versions up, so that nobody who
 * has seen these takes the owner's. Answers with how to put things back.
 */
export async function runVersionsUp(data: string, version: number): Promise<() => Promise<void>> {
  const metadata = join(data, 'repository', 'metadata');
  const timestampFile = join(metadata, 'timestamp.json');
  const signerOf = async (use: string) => {
    const { public: publicKey, seed } = await readKeyFile(join(data, 'keys', `${use}.key`));
    return [{ publicKey, seed }];
  };
  const before = await readFile(timestampFile);
  const timestamp = JSON.parse(before.toString()) as Published;
  const newest = timestamp.signed.meta['snapshot.json']?.version ?? 0;
  const snapshot = JSON.parse(await readFile(join(metadata, `${newest}.snapshot.json`), 'utf8')) as Published;
  snapshot.signed.version = version;
  const bytes = signedBytes({ signed: { ...snapshot.signed }, signers: await signerOf('snapshot') });
  timestamp.signed.version = version;
  timestamp.signed.meta = { 'snapshot.json': metaOf(version, bytes) };
  await writeFile(join(metadata, `${version}.snapshot.json`), bytes);
  await writeFile(
    timestampFile,
    signedBytes({ signed: { ...timestamp.signed }, signers: await signerOf('timestamp') }),
  );
  return () => writeFile(timestampFile, before);
}
