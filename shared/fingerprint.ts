/** Digits of a fingerprint that tell one key from another, also against somebody who makes keys to fit. */
export const leastFingerprintDigits = 16;

/** The digits of a fingerprint that a person has typed or pasted: with colons, blanks or capitals as it may be. */
export function fingerprintDigits(seen: string): string {
  return seen.toLowerCase().replaceAll(/[\s:]/g, '');
}

/** Whether what a device shows, whole or its beginning, is the fingerprint that is known [T-10]. */
export function isFingerprint(known: string, seen: string): boolean {
  const digits = fingerprintDigits(seen);
  return digits.length >= leastFingerprintDigits && known.startsWith(digits);
}
