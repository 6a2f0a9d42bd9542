import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** One exposure: 128 features of 16 sensors (8 each), and which gas it was, 0…5. */
export interface GasRow {
  readonly gas: number;
  readonly values: readonly number[];
}

/** Beside the project where it is developed; it is not part of it. */
const folders = [
  fileURLToPath(new URL('../../../../shared/data/gas-drift', import.meta.url)),
  '/work/shared/data/gas-drift',
];

/**
 * The UCI Gas Sensor Array Drift data, batches 1 to 6 (Vergara et al. 2012, CC BY 4.0, DOI 10.24432/C5RP6W), by batch;
 * undefined where it does not lie. Within a batch the rows are sorted by gas: shuffle them.
 */
export function gasBatches(): ReadonlyMap<number, readonly GasRow[]> | undefined {
  const folder = folders.find((each) => existsSync(each));
  if (folder === undefined) return undefined;
  return new Map([1, 2, 3, 4, 5, 6].map((batch) => [batch, readBatch(`${folder}/batch${batch}.dat.gz`)]));
}

function readBatch(file: string): readonly GasRow[] {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  return lines.map((line) => {
    const [head = '', ...rest] = line.trim().split(/\s+/);
    const gas = Number(head.split(';')[0]) - 1;
    return { gas, values: rest.map((pair) => Number(pair.slice(pair.indexOf(':') + 1))) };
  });
}
