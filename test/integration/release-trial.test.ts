import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRelease } from '@bellwether/control-plane/publisher/release-source-disk';
import { tryRelease } from '@bellwether/control-plane/publisher/release-trial-process';
import type { GoldenVectors } from '@bellwether/shared/models/golden';
import { digitsFolder } from '../support/digits.js';

describe('an approver’s trial of a release', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-trial-test-'));
    await cp(fileURLToPath(new URL('1.0.0', digitsFolder)), folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs what lies in the folder, as a publisher would have made its manifest. */
  const trial = async () => {
    const { manifest } = await readRelease(folder);
    await writeFile(join(folder, 'manifest.json'), manifest.bytes);
    return tryRelease(folder, manifest.sha256);
  };

  it('finds the golden answers and the score that its author found', async () => {
    expect(await trial()).toMatchObject({ goldenVectors: 15, benchmark: { samples: 1500, accuracy: 0.9 } });
  });

  it('finds a golden answer that the model does not give', async () => {
    const path = join(folder, 'golden.json');
    const golden = JSON.parse(await readFile(path, 'utf8')) as GoldenVectors;
    const [, second] = golden.vectors;
    if (second?.outputs['logits'] === undefined) throw new TypeError('a vector is incomplete');
    second.outputs['logits'].data = Buffer.alloc(40).toString('base64');
    await writeFile(path, JSON.stringify(golden));
    await expect(trial()).rejects.toThrow('golden vector 2 of');
  });

  it('uses no bytes but those of the manifest', async () => {
    const { manifest } = await readRelease(folder);
    await writeFile(join(folder, 'manifest.json'), manifest.bytes);
    await writeFile(join(folder, 'head_bias.bin'), Buffer.alloc(40, 1));
    await expect(tryRelease(folder, manifest.sha256)).rejects.toThrow('head_bias.bin is not the file that was fetched');
  });

  it('ends with its process when that dies, and says so', async () => {
    await expect(tryRelease(join(folder, 'nowhere'), '0'.repeat(64))).rejects.toMatchObject({ code: 'trial-failed' });
  });
});
