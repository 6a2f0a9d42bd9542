import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as onnxruntime from 'onnxruntime-node';
import { messageOf } from '@bellwether/shared/errors';
import { decodeManifest, type Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { TrialReply } from './release-trial.js';
import { benchmarkScore, requireGolden } from './release-trial-onnx-run.js';
import { openTrialSession } from './release-trial-onnx-session.js';

/** The trial's main: `node release-trial-onnx.js FOLDER MANIFEST-SHA256`; one line of JSON, a TrialReply, on stdout. */

const [folder = '.', manifestSha256 = ''] = process.argv.slice(2);

process.stdout.write(`${JSON.stringify(await reply())}\n`);

async function reply(): Promise<TrialReply> {
  try {
    const manifestBytes = await readFile(join(folder, 'manifest.json'));
    if (sha256(manifestBytes) !== manifestSha256) return { problem: 'manifest.json is not the one that was fetched' };
    const manifest = decodeManifest(manifestBytes);
    const files = await readFiles(manifest);
    const session = await openTrialSession(onnxruntime, manifest, files);
    const goldenVectors = await requireGolden(session, manifest, files);
    return { goldenVectors, benchmark: await benchmarkScore(session, manifest, files) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** Each file once, hashed as the very bytes that are used [T-3]. */
async function readFiles(manifest: Manifest): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, { sha256: digest }] of Object.entries(manifest.files)) {
    const bytes = await readFile(join(folder, name));
    if (sha256(bytes) !== digest) throw new Error(`${name} is not the file that was fetched`);
    files.set(name, bytes);
  }
  return files;
}
