// Small changes of a release folder for the demo.

import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Copies a release under a new version with a head that differs in one small number, so that one blob is new. Answers the changed file's bytes. */
export async function nextRelease({ from, to, version }) {
  await cp(from, to, { recursive: true });
  const yaml = join(to, 'release.yaml');
  await writeFile(yaml, (await readFile(yaml, 'utf8')).replace(/^version: .*$/m, `version: ${version}`));
  const head = join(to, 'head_bias.bin');
  const bytes = await readFile(head);
  bytes.writeFloatLE(bytes.readFloatLE(0) + 1e-5, 0);
  await writeFile(head, bytes);
  return bytes;
}
