import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiDifferences, graphDifferences } from '@bellwether/shared/models/compatibility';
import { decodeGolden } from '@bellwether/shared/models/golden';
import { readOnnxGraph } from '@bellwether/shared/models/onnx-tensors';
import { checkReleaseSource } from '@bellwether/shared/models/release-source';
import { readSilero, type SileroVersion, writeSileroRelease } from '../support/silero.js';

const versions: readonly SileroVersion[] = ['4.0.0', '5.0.0', '6.0.0'];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-silero-'));
  for (const version of versions) await writeSileroRelease(join(folder, version), version);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(version: SileroVersion) {
  const [source, golden] = await Promise.all(
    ['release.yaml', 'golden.json'].map((name) => readFile(join(folder, version, name))),
  );
  const parsed: unknown = JSON.parse(String(source));
  return { source: checkReleaseSource(parsed), golden: decodeGolden(golden ?? new Uint8Array()) };
}

describe('the Silero fixtures', () => {
  it.each(versions)('makes a release of %s whose tensors are in the graph', async (version) => {
    const { source, golden } = await read(version);
    expect(source.version).toBe(version);
    expect(graphDifferences(readOnnxGraph(await readSilero(version)), source)).toEqual([]);
    expect(golden.vectors).toHaveLength(4);
  });

  it('carries the state of one golden vector into the next', async () => {
    const { golden } = await read('5.0.0');
    const [first, second] = golden.vectors;
    expect(second?.inputs['state']).toEqual(first?.outputs['stateN']);
    expect(second?.inputs['state']).not.toEqual(first?.inputs['state']);
  });

  it('lets 6.0.0 take the place of 5.0.0, with other answers', async () => {
    const [five, six] = await Promise.all([read('5.0.0'), read('6.0.0')]);
    expect(apiDifferences(five.source, six.source)).toEqual([]);
    expect(six.golden.vectors[1]?.outputs['output']).not.toEqual(five.golden.vectors[1]?.outputs['output']);
  });

  it('does not let 4.0.0 take the place of 5.0.0', async () => {
    const [four, five] = await Promise.all([read('4.0.0'), read('5.0.0')]);
    expect(apiDifferences(five.source, four.source)).not.toEqual([]);
  });
});
