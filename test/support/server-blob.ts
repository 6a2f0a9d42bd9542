import { blobPath } from '@bellwether/shared/contract/http-api';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { TestServer } from './server.js';

/** What is in it. */
export const blobBytes = Buffer.from('0123456789');

/** The digest of a small blob, which an operator has uploaded. The same bytes may come again. */
export async function storedBlob({ httpUrl, operatorToken }: TestServer): Promise<string> {
  const digest = sha256(blobBytes);
  const reply = await fetch(`${httpUrl}/api/v1${blobPath}${digest}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/octet-stream' },
    body: blobBytes,
  });
  if (!reply.ok) throw new Error(`the blob was answered with ${reply.status}`);
  return digest;
}
