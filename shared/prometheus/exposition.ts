/** Labels of a sample. Names: `[a-z_]+`; values are any text. */
export type MetricLabels = Readonly<Record<string, string>>;

/** A number, as it is now or as it has grown to. */
export interface MetricSample {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** A classic histogram: `buckets` are (upper bound, how many are not above it), ascending and without infinity. */
export interface HistogramSample {
  readonly labels: MetricLabels;
  readonly buckets: readonly (readonly [upTo: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

interface About {
  /** `bellwether_…`, in base units, counters with `_total`. */
  readonly name: string;
  readonly help: string;
}

/** Everything of one name. */
export type MetricFamily = About &
  (
    | { readonly type: 'counter' | 'gauge'; readonly samples: readonly MetricSample[] }
    | { readonly type: 'histogram'; readonly samples: readonly HistogramSample[] }
  );

/** The content type of the text. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes metrics as Prometheus reads them: its text format, version 0.0.4. */
export function exposition(families: readonly MetricFamily[]): string {
  return families.map(textOf).join('');
}

function textOf(family: MetricFamily): string {
  const { name, help, type } = family;
  const head = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
  const lines =
    family.type === 'histogram'
      ? family.samples.flatMap((sample) => histogramLines(name, sample))
      : family.samples.map(({ labels, value }) => line(name, labels, value));
  return head + lines.join('');
}

function histogramLines(name: string, { labels, buckets, count, sum }: HistogramSample): string[] {
  const own = labelText(labels);
  const bucket = `${name}_bucket{${own}${own === '' ? '' : ','}le="`;
  return [
    ...buckets.map(([upTo, below]) => `${bucket}${upTo}"} ${below}\n`),
    `${bucket}+Inf"} ${count}\n`,
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: MetricLabels, value: number): string {
  const own = labelText(labels);
  return `${name}${own === '' ? '' : `{${own}}`} ${numberText(value)}\n`;
}

function labelText(labels: MetricLabels): string {
  return Object.entries(labels)
    .map(([key, text]) => `${key}="${escaped(text).replaceAll('"', '\\"')}"`)
    .join(',');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
