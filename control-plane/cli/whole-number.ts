import { InvalidArgumentError } from 'commander';

/** Reads a whole number that is not negative; throws InvalidArgumentError. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('It is a whole number.');
}
