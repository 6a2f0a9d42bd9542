import { PublisherError } from './publisher-error.js';

/** Throws PublisherError `family` unless the text can be a model family's name. */
export function requireFamily(family: string): void {
  if (/^[a-z0-9]{1,63}$/.test(family)) return;
  throw new PublisherError(
    'family',
    `${family} is no model family: lower-case letters and digits, up to the first dash of its models' names`,
  );
}
