/** A measured value; null when it could not be measured here. */
type Figure = number | string | boolean | null;

/** One line of a bench's table: ours beside theirs, measured in the same run. */
export interface Comparison {
  /** What is compared: `added at p50, unix socket binary, sequential`. */
  readonly what: string;
  readonly ours: number | null;
  readonly theirs: number | null;
  readonly unit: string;
  /** ours / theirs, or whatever `bar` limits; null when either could not be measured. */
  readonly ratio: number | null;
  /** The promise in words: `≤ 1.5 ×`. */
  readonly bar?: string;
  readonly met?: boolean;
}

/** What a bench found. The keys of `figures` are the contract with whoever reads `--json FILE`. */
export interface BenchResult {
  readonly figures: Readonly<Record<string, Figure | Readonly<Record<string, Figure>>>>;
  readonly comparisons: readonly Comparison[];
}

/** What the command line asked for. */
export interface BenchOptions {
  /** Fewer and shorter blocks: to see that the bench works, not to quote it. */
  readonly isQuick: boolean;
  /** `--seed N`: of one more run of benches that draw, beside the seeds that they fix. */
  readonly seed?: number;
  /** Aborted on Ctrl-C: stop the processes that were started. */
  readonly signal: AbortSignal;
}

/** Progress and findings, line by line, as they come. */
export type Report = (line: string) => void;

/** A benchmark, exported as `bench` from `test/bench/<name>.ts`, run by `npm run bench -- <name>`. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  /** The other side of the comparison: `session.run in a bare process`. */
  readonly comparesWith: string;
  run(report: Report, options: BenchOptions): Promise<BenchResult>;
}

/** The middle of some values (mean of the two middles for an even count); NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  const upper = sorted[Math.floor(half)] ?? Number.NaN;
  return Number.isInteger(half) ? ((sorted[half - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** The q-quantile (0…1) of some values by nearest rank; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}
