/** A value that has no canonical form: a fraction, a number beyond 2^53, or text that is not well-formed Unicode. */
export class CanonicalJsonError extends Error {}

/**
 * OLPC canonical JSON, the form that TUF signs (http://wiki.laptop.org/go/Canonical_JSON): keys sorted, no space, whole
 * numbers, and in strings only `"` and `\` escaped. The runner's own; the main process uses tuf-js's [T-3]. Keys sort
 * by UTF-16 code units, as tuf-js sorts them. Throws CanonicalJsonError.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new CanonicalJsonError(`${value} is not a whole number below 2^53`);
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new CanonicalJsonError(`${typeof value} has no canonical form`);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${canonicalText(key)}:${canonicalJson(member)}`).join(',')}}`;
}

/** Half a surrogate pair would be signed as U+FFFD: two texts, one signature. */
function canonicalText(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new CanonicalJsonError('text is not well-formed Unicode');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
