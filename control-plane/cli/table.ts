import { printable } from '@bellwether/shared/printable';

/** Two blanks between columns, nothing else: it can be read, cut and grepped. */
const gap = '  ';

/** A table as text: the header in capitals, columns as wide as their widest cell, numbers (all digits and marks) to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const isNumeric = header.map((_, i) => cells.length > 0 && cells.every((row) => /^[\d.,%–-]*$/.test(row[i] ?? '')));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join(gap)
      .trimEnd();
  return [line(header.map((name) => name.toUpperCase())), ...cells.map(line)].join('\n');
}

/** Names and values below each other. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}${gap}${printable(value)}`.trimEnd()).join('\n');
}
