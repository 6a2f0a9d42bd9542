import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRelease } from '@bellwether/control-plane/publisher/release-source-disk';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { externalDataModel, int4OutputModel } from '../../support/onnx-models.js';

const digits = fileURLToPath(new URL('../../../../examples/digits/1.1.0', import.meta.url));

describe('a release’s folder', () => {
  let folder = '';
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'bellwether-release-')), 'digits');
    await cp(digits, folder, { recursive: true });
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  const edit = async (file: string, change: (text: string) => string) => {
    const path = join(folder, file);
    const before = await readFile(path, 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(path, after);
  };
  const refusal = async (): Promise<[unknown, string]> => {
    try {
      await readRelease(folder);
      return ['accepted', ''];
    } catch (error) {
      return [codeOf(error), messageOf(error)];
    }
  };

  it('becomes a manifest with the size and digest of every file, the same every time', async () => {
    const release = await readRelease(folder);
    const manifest = decodeManifest(release.manifest.bytes);
    expect(release.id).toEqual({ model: 'digits', version: '1.1.0' });
    expect(sha256(release.manifest.bytes)).toBe(release.manifest.sha256);
    expect(Object.keys(manifest.files)).toHaveLength(6);
    for (const [name, file] of Object.entries(manifest.files)) {
      const bytes = await readFile(join(folder, name));
      expect(file).toEqual({ bytes: bytes.byteLength, sha256: sha256(bytes) });
    }
    expect((await readRelease(folder)).manifest).toEqual(release.manifest);
  });

  it('needs a release.yaml', async () => {
    await rm(join(folder, 'release.yaml'));
    expect((await refusal())[0]).toBe('source-missing');
  });

  it.each([
    ['that is no YAML', (text: string) => `${text}\n: [`],
    ['with a key twice', (text: string) => `${text}\nversion: 2.0.0\n`],
    [
      'with an alias',
      (text: string) =>
        text.replace('model: digits', 'model: &name digits').replace(/description: .*/, 'description: *name'),
    ],
    ['with a tag that nobody knows', (text: string) => text.replace('model: digits', 'model: !secret digits')],
    ['of two documents', (text: string) => `${text}\n---\nmodel: other\n`],
    ['that is too large', (text: string) => text + '#'.repeat(256 * 1024)],
  ])('is refused with a release.yaml %s', async (_what, change) => {
    await edit('release.yaml', change);
    expect((await refusal())[0]).toBe('source-yaml');
  });

  it.each([
    ['an unknown field', (text: string) => `${text}\ngoldne: {}\n`, 'goldne'],
    ['a version that is none', (text: string) => text.replace('1.1.0', '1.1'), '/version'],
    ['a type that devices refuse', (text: string) => text.replaceAll('FP32', 'FP16'), '/inputs'],
    [
      'a file outside of the folder',
      (text: string) => text.replace('graph: model.onnx', 'graph: ../model.onnx'),
      '/graph',
    ],
    ['an interpretation of nothing', (text: string) => text.replace('output: logits', 'output: logit'), 'logit'],
  ])('is refused with a release.yaml that has %s', async (_what, change, named) => {
    await edit('release.yaml', change);
    const [code, message] = await refusal();
    expect(code).toBe('source-schema');
    expect(message).toContain(named);
  });

  it('is refused without a file that release.yaml names', async () => {
    await rm(join(folder, 'head_bias.bin'));
    expect(await refusal()).toEqual(['file-missing', 'release.yaml names head_bias.bin, which is not there']);
  });

  it('is refused when the graph is no ONNX model', async () => {
    await writeFile(join(folder, 'model.onnx'), 'not a model');
    expect((await refusal())[0]).toBe('graph');
  });

  it('is refused when the graph keeps its weights outside of the signed file', async () => {
    await writeFile(join(folder, 'model.onnx'), externalDataModel().bytes);
    expect((await refusal())[0]).toBe('graph');
  });

  it('is refused when the graph has a type that aborts the runner', async () => {
    await writeFile(join(folder, 'model.onnx'), int4OutputModel().bytes);
    const [code, message] = await refusal();
    expect(code).toBe('dtype');
    expect(message).toContain('y is onnx:22');
  });

  it('is refused when the graph is not what release.yaml says', async () => {
    await edit('release.yaml', (text) =>
      text.replace('shape: [-1, 10]', 'shape: [-1, 11]').replace(/labels: \[.*\]/, 'labels: []'),
    );
    const [code, message] = await refusal();
    expect(code).toBe('graph');
    expect(message).toContain('output logits is FP32[-1,10] instead of FP32[-1,11]');
  });

  it('is refused when a parameter’s file is not as long as its tensor', async () => {
    await truncate(join(folder, 'head_bias.bin'), 36);
    expect(await refusal()).toEqual(['parameter', 'head_bias.bin has 36 bytes, but head_bias FP32[10] needs 40']);
  });

  it('is refused when the golden vectors do not decode', async () => {
    await appendFile(join(folder, 'golden.json'), '}');
    expect((await refusal())[0]).toBe('golden');
  });

  it('is refused when the golden vectors are another model’s', async () => {
    await edit('golden.json', (text) => text.replaceAll('"image"', '"picture"'));
    expect(await refusal()).toEqual(['golden', 'golden.json: vector 1: input image is missing']);
  });

  it.each([
    ['does not decode', (text: string) => text.replace('"samples"', '"sample"')],
    ['has other labels', (text: string) => text.replace('"labels":[7', '"labels":[10')],
    ['has too few labels', (text: string) => text.replace('"labels":[7,', '"labels":[')],
    ['has another input', (text: string) => text.replace('"image"', '"picture"')],
    ['has rows of another shape', (text: string) => text.replace('1,28,28', '1,28,29')],
    ['has another number of rows', (text: string) => text.replace('[1500,', '[1501,')],
  ])('is refused when the benchmark %s', async (_what, change) => {
    await edit('benchmark.json', change);
    expect((await refusal())[0]).toBe('benchmark');
  });

  it('is refused when the benchmark has other samples than release.yaml says', async () => {
    await edit('release.yaml', (text) => text.replace('samples: 1500', 'samples: 1499'));
    expect(await refusal()).toEqual(['benchmark', 'benchmark.json: has 1500 samples, but release.yaml says 1499']);
  });

  it.each([
    ['does not decode', (text: string) => text.replace('"samples"', '"sample"')],
    ['counts other classes', (text: string) => text.replace('"classes":[', '"classes":[0,')],
    ['watches another tensor', (text: string) => text.replace('"tensor":"image"', '"tensor":"picture"')],
    ['has a bin too few', (text: string) => text.replace('"counts":[1299,', '"counts":[')],
    ['says more right answers than answers', (text: string) => text.replace(/"correct":\[0,/, '"correct":[1,')],
    [
      'says of too few bins what they are worth',
      (text: string) => text.replace(/"correct":\[[^\]]*\]/, '"correct":[0]'),
    ],
    ['has edges in disorder', (text: string) => text.replace('"edges":[0.0,0.1812]', '"edges":[0.1812,0.0]')],
  ])('is refused when the reference %s', async (_what, change) => {
    await edit('reference.json', change);
    expect((await refusal())[0]).toBe('reference');
  });
});
