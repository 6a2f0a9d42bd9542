import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { type ReleaseEvidence, verifyFile, verifyRelease } from '../trust/release-verifier.js';
import { VerifierError } from '../trust/release-verifier-signatures.js';
import type { LoadMessage } from './runner-messages.js';
import type { ReleaseFiles } from './runner-onnx-release.js';

/**
 * Opens a release that the evidence proves, from the pinned root down to its manifest, and each file of it when it is
 * read [T-3b]. Throws, and `read` throws, VerifierError.
 */
export function openVerifiedRelease(evidence: ReleaseEvidence, message: LoadMessage): ReleaseFiles {
  const { blobFolder } = message;
  const manifest = verifyRelease(evidence, message);
  const read = (name: string): Uint8Array => {
    const bytes = readBlob(blobFolder, manifest, name);
    verifyFile(manifest, name, bytes);
    return bytes;
  };
  return { manifest, read };
}

/**
 * Each byte is read once, into the one buffer that is hashed and then used: a file that changes in between cannot make
 * a difference. The size is judged before anything is read.
 */
function readBlob(blobFolder: string, manifest: Manifest, name: string): Uint8Array {
  const file = manifest.files[name];
  if (file === undefined) throw new VerifierError('file', `the manifest has no file ${name}`);
  const descriptor = openSync(join(blobFolder, file.sha256), 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size !== file.bytes) throw new VerifierError('file', `${name} has ${size} bytes instead of ${file.bytes}`);
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const got = readSync(descriptor, bytes, filled, size - filled, null);
      if (got === 0) throw new VerifierError('file', `${name} ended at byte ${filled} of ${size}`);
      filled += got;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
