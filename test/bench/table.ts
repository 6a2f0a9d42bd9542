import type { Comparison } from './bench.js';

function number(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

function verdict({ bar, met }: Comparison): string {
  if (bar === undefined) return '';
  if (met === undefined) return `${bar} (not judged)`;
  return `${bar} ${met ? 'met' : 'NOT MET'}`;
}

/** Comparisons as lines of text: both sides of each, their ratio, and whether its bar was met. */
export function comparisonTable(comparisons: readonly Comparison[], comparesWith: string): string[] {
  const rows = [
    ['', 'ours', comparesWith, 'unit', 'ratio', 'bar'],
    ...comparisons.map((each) => [
      each.what,
      number(each.ours),
      number(each.theirs),
      each.unit,
      number(each.ratio),
      verdict(each),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const isText = (column: number): boolean => column === 0 || column === 3 || column === 5;
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return isText(column) ? cell.padEnd(width) : cell.padStart(width);
  };
  const lines = rows.map((row) => row.map(pad).join('  ').trimEnd());
  return [lines[0] ?? '', '─'.repeat(Math.max(...lines.map((line) => line.length))), ...lines.slice(1)];
}
