import { checkSchema, DecodeError } from '../contract/decode.js';
import { Compile } from '../schema.js';
import { type Manifest, manifestProblem, namedFiles, ReleaseSource, releaseOf } from './manifest.js';

const compiled = Compile(ReleaseSource);

/** Checks a parsed `release.yaml`; throws DecodeError `schema` that names the field. */
export function checkReleaseSource(value: unknown): ReleaseSource {
  const source = checkSchema(compiled, value, 'release.yaml');
  const problem = manifestProblem(source, namedFiles(source));
  if (problem !== undefined) throw new DecodeError('schema', `release.yaml of ${releaseOf(source)} ${problem}`);
  return source;
}

/** The manifest that a source and its files' sizes and digests make. */
export function manifestOf(source: ReleaseSource, files: Manifest['files']): Manifest {
  return { schema: 'bellwether.manifest.v1', ...source, files };
}
