import { InvalidArgumentError } from 'commander';

/** Reads `90m`, `24h` or `7d`: milliseconds; throws InvalidArgumentError. */
export function duration(text: string): number {
  const [, count, unit = ''] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It is a number of minutes, hours or days: 90m, 24h, 7d.');
  return Number(count) * (unit === 'm' ? 60_000 : unit === 'h' ? 3_600_000 : 86_400_000);
}
