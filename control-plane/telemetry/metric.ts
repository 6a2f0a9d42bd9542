import { countOf as entriesOf, quantile } from '@bellwether/shared/evidence/histogram';
import type { RollUp } from './roll-up.js';

/** One number that a roll-up tells. */
interface Metric {
  /** Of arms of models, or of the machines. */
  readonly of: 'arm' | 'host';
  /** `1` is a count or a ratio between 0 and 1. */
  readonly unit: '1' | '1/s' | 'ms' | '%' | '°C';
  readonly about: string;
  /** null: nothing was measured. `seconds` is the length of the point. */
  readonly read: (sum: RollUp, seconds: number) => number | null;
}

const quantiles = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const;

/** Every metric, by its name. Quantiles are true ones of all calls, with at most 1.1 % relative error [W-5]. */
export const metrics: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ['requests', arm('1', 'calls that were answered or failed', (sum) => countOf(sum, 'requests'))],
  ['request-rate', arm('1/s', 'calls a second', (sum, seconds) => countOf(sum, 'requests') / seconds)],
  ['errors', arm('1', 'calls that failed', errorsOf)],
  ['error-rate', arm('1', 'part of the calls that failed', (sum) => ratio(errorsOf(sum), countOf(sum, 'requests')))],
  ['invalid-rate', arm('1', 'part of the calls with a number that is not finite', ofRequests('invalid'))],
  ['runner-deaths', arm('1', 'runner processes that ended unasked', (sum) => countOf(sum, 'runnerDeaths'))],
  ['accuracy', arm('1', 'part of the answers with known truth that were right', accuracyOf)],
  ...timesOf('compute', 'the runner alone'),
  ...timesOf('total', 'from parsed to answered'),
  ...gauge('agent-cpu', { histogram: 'agentCpu', unit: '%', scale: 100, about: 'of one core: the agent' }),
  ...gauge('runners-cpu', { histogram: 'runnersCpu', unit: '%', scale: 100, about: 'of one core: the runners' }),
  ...gauge('memory-used', { histogram: 'memoryUsed', unit: '%', scale: 100, about: 'of the machine' }),
  ...gauge('disk-used', { histogram: 'diskUsed', unit: '%', scale: 100, about: 'of the disk that the agent is on' }),
  ...gauge('temperature', { histogram: 'temperature', unit: '°C', scale: 10, about: 'of the machine' }),
]);

function arm(unit: Metric['unit'], about: string, read: Metric['read']): Metric {
  return { of: 'arm', unit, about, read };
}

function timesOf(name: 'compute' | 'total', about: string): [string, Metric][] {
  const mean: [string, Metric] = [`${name}-mean`, arm('ms', `mean time: ${about}`, meanOf(name, 1000))];
  return [mean, ...quantilesOf(name, (q) => arm('ms', `${q} of the time: ${about}`, quantileOf(name, q, 1000)))];
}

interface Gauge {
  readonly histogram: string;
  /** Its integers are the value times this. */
  readonly scale: number;
  readonly unit: Metric['unit'];
  readonly about: string;
}

/** A gauge is measured once a window: its mean and quantiles are over windows. */
function gauge(name: string, { histogram, scale, unit, about }: Gauge): [string, Metric][] {
  const host = (read: Metric['read'], what: string): Metric => ({ of: 'host', unit, about: `${what} ${about}`, read });
  const mean: [string, Metric] = [`${name}-mean`, host(meanOf(histogram, scale), 'mean,')];
  return [mean, ...quantilesOf(name, (q) => host(quantileOf(histogram, q, scale), `${q},`))];
}

type Quantile = keyof typeof quantiles;

function quantilesOf(name: string, metricOf: (q: Quantile) => Metric): [string, Metric][] {
  return (['p50', 'p90', 'p95', 'p99'] as const).map((q) => [`${name}-${q}`, metricOf(q)]);
}

function quantileOf(name: string, q: Quantile, scale: number): Metric['read'] {
  return ({ histograms }) => {
    const histogram = histograms.get(name);
    const value = histogram === undefined ? undefined : quantile(histogram, quantiles[q]);
    return value === undefined ? null : value / scale;
  };
}

function meanOf(name: string, scale: number): Metric['read'] {
  return ({ histograms }) => {
    const histogram = histograms.get(name);
    return histogram === undefined ? null : ratio(histogram.sum / scale, entriesOf(histogram));
  };
}

function ofRequests(name: string): Metric['read'] {
  return (sum) => ratio(countOf(sum, name), countOf(sum, 'requests'));
}

function accuracyOf(sum: RollUp): number | null {
  return ratio(countOf(sum, 'correct'), countOf(sum, 'correct') + countOf(sum, 'wrong'));
}

function errorsOf({ counts }: RollUp): number {
  let errors = 0;
  for (const [name, value] of counts) if (name.startsWith('error:')) errors += value;
  return errors;
}

function countOf({ counts }: RollUp, name: string): number {
  return counts.get(name) ?? 0;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
