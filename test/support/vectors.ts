import { readFileSync } from 'node:fs';

/** Reads a golden vector of test/vectors: `histogram` is `histogram.json`. Its shape is the caller's to name. */
export function readVector<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}
