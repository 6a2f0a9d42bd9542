import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { graphDifferences } from '@bellwether/shared/models/compatibility';
import { decodeGolden } from '@bellwether/shared/models/golden';
import {
  bytesPerElement,
  dataTypes,
  type Manifest,
  namedFiles,
  type ReleaseSource,
} from '@bellwether/shared/models/manifest';
import { OnnxError, readOnnxGraph } from '@bellwether/shared/models/onnx-tensors';
import { decodeReference } from '@bellwether/shared/models/reference';
import { checkReleaseSource, manifestOf } from '@bellwether/shared/models/release-source';
import { sha256 } from '@bellwether/shared/signing/digest';
import { parseDocument } from '@bellwether/shared/yaml';
import { benchmarkProblem, decodeBenchmark } from './benchmark-file.js';
import { goldenProblem } from './golden-rules.js';
import type { PreparedRelease, ReleaseFile } from './publish.js';
import { PublisherError, type PublisherErrorCode } from './publisher-error.js';
import { referenceProblem } from './reference-rules.js';

/** Largest release.yaml, in bytes. */
const maxSourceBytes = 256 * 1024;

/**
 * Reads a release's folder: release.yaml strictly, and every file held against what it says, so that nothing is signed that
 * a device would refuse. The same folder always makes the same manifest. Throws PublisherError.
 */
export async function readRelease(folder: string): Promise<PreparedRelease> {
  const source = await readSource(join(folder, 'release.yaml'));
  const files: ReleaseFile[] = [];
  for (const name of namedFiles(source)) files.push(await describeFile(folder, name));
  const byName = new Map(files.map((file) => [file.name, file]));
  checkGraph(source, await readFile(join(folder, source.graph)));
  await checkDocuments(source, folder);
  checkParameters(source, byName);
  const manifest = manifestOf(source, manifestFiles(files));
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const { model, version } = source;
  return { id: { model, version }, manifest: { bytes, sha256: sha256(bytes) }, files };
}

async function readSource(path: string): Promise<ReleaseSource> {
  const text = await readFile(path).catch((cause: unknown) => {
    throw new PublisherError('source-missing', `there is no ${path}: ${messageOf(cause)}`, { cause });
  });
  if (text.byteLength > maxSourceBytes) {
    throw new PublisherError('source-yaml', `${path} has ${text.byteLength} bytes, more than ${maxSourceBytes}`);
  }
  try {
    return checkReleaseSource(parseYaml(String(text)));
  } catch (cause) {
    const code = cause instanceof DecodeError ? 'source-schema' : 'source-yaml';
    throw new PublisherError(code, `${path}: ${messageOf(cause)}`, { cause });
  }
}

/** YAML 1.2 without what makes two readers see two documents: repeated keys, aliases, tags that nobody knows. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, strict: true, version: '1.2', schema: 'core' });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw fault;
  return document.toJS({ maxAliasCount: 0 });
}

async function describeFile(folder: string, name: string): Promise<ReleaseFile> {
  const path = join(folder, name);
  try {
    const { size } = await stat(path);
    const hash = createHash('sha256');
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path);
    for await (const chunk of chunks) hash.update(chunk);
    return { name, bytes: size, sha256: hash.digest('hex'), open: () => createReadStream(path) };
  } catch (cause) {
    const why = codeOf(cause) === 'ENOENT' ? 'is not there' : messageOf(cause);
    throw new PublisherError('file-missing', `release.yaml names ${name}, which ${why}`, { cause });
  }
}

function checkGraph(source: ReleaseSource, bytes: Uint8Array): void {
  const graph = translated('graph', source.graph, () => readOnnxGraph(bytes));
  const known: readonly string[] = dataTypes;
  const odd = [...graph.inputs, ...graph.outputs].find((tensor) => !known.includes(tensor.dtype));
  if (odd !== undefined) {
    throw new PublisherError(
      'dtype',
      `${source.graph}: ${odd.name} is ${odd.dtype}, which devices refuse; allowed are ${dataTypes.join(', ')}`,
    );
  }
  const differences = graphDifferences(graph, source);
  if (differences.length > 0) {
    throw new PublisherError('graph', `${source.graph} is not what release.yaml says: ${differences.join('; ')}`);
  }
}

/** Golden vectors, benchmark and reference: each decodes and fits the tensors. */
async function checkDocuments(source: ReleaseSource, folder: string): Promise<void> {
  const { golden, benchmark, reference } = source;
  const check = async (
    code: PublisherErrorCode,
    file: string,
    problemOf: (bytes: Uint8Array) => string | undefined,
  ) => {
    const bytes = await readFile(join(folder, file));
    const problem = translated(code, file, () => problemOf(bytes));
    if (problem !== undefined) throw new PublisherError(code, `${file}: ${problem}`);
  };
  await check('golden', golden.file, (bytes) => goldenProblem(decodeGolden(bytes), source));
  if (benchmark !== undefined) {
    await check('benchmark', benchmark.file, (bytes) => benchmarkProblem(decodeBenchmark(bytes), source));
  }
  if (reference !== undefined) {
    await check('reference', reference.file, (bytes) => referenceProblem(decodeReference(bytes), source));
  }
}

/** A parameter's file is exactly its tensor: raw little-endian, row-major. */
function checkParameters(source: ReleaseSource, files: ReadonlyMap<string, ReleaseFile>): void {
  for (const input of source.inputs) {
    if (input.role !== 'parameter') continue;
    const expected = input.shape.reduce((product, size) => product * size, bytesPerElement(input.dtype));
    const found = files.get(input.value)?.bytes;
    if (found !== expected) {
      throw new PublisherError(
        'parameter',
        `${input.value} has ${found} bytes, but ${input.name} ${input.dtype}[${input.shape.join(',')}] needs ${expected}`,
      );
    }
  }
}

function translated<T>(code: PublisherErrorCode, file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DecodeError || cause instanceof OnnxError)) throw cause;
    throw new PublisherError(code, `${file}: ${messageOf(cause)}`, { cause });
  }
}

function manifestFiles(files: readonly ReleaseFile[]): Manifest['files'] {
  return Object.fromEntries(files.map(({ name, bytes, sha256 }) => [name, { bytes, sha256 }]));
}
