import { parseReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import { CliError } from './cli-error.js';

/** Reads `digits@1.0.0`; throws CliError `usage`. */
export function releaseId(text: string): ReleaseId {
  const id = parseReleaseId(text);
  if (id === undefined) throw new CliError('usage', `${text} is no release: write MODEL@VERSION, such as digits@1.0.0`);
  return id;
}
