/** Names of fields whose value nobody is shown. */
const secretName = /token|secret|passw|passphrase|authori[sz]ation|cookie|seed|private|credential|api-?key/i;
/** Credentials and parameters of a URL: both may be rights. A scheme has its bound, or long words would be searched from each of their letters to the end. */
const credentials = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]*@/gi;
const query = /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s?#"']*)[?#][^\s"']*/gi;
const bearer = /\b(Bearer|Basic)\s+[\w+/=.~-]+/gi;
/** A JWT (RFC 7519), wherever it stands. */
const token = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;

const maxText = 500;
const maxItems = 50;
const maxDepth = 6;
export const hidden = '(hidden)';

/** Text without credentials, tokens and parameters of URLs, cut to 500 characters. */
export function redactedText(text: string): string {
  const clean = text
    .slice(0, 20 * maxText)
    .replace(credentials, '$1')
    .replace(query, '$1')
    .replace(bearer, `$1 ${hidden}`)
    .replace(token, hidden);
  return clean.length > maxText ? `${clean.slice(0, maxText - 1)}…` : clean;
}

/**
 * A value as plain JSON that may leave the device: without secrets, without bytes or long rows of numbers (which may be what
 * an application sent), and bounded. Of errors the code and the message.
 */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return undefined;
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (value instanceof Error) {
    const code = 'code' in value && typeof value.code === 'string' ? { code: value.code } : {};
    return { ...code, message: redactedText(value.message) };
  }
  if (depth >= maxDepth) return '…';
  if (Array.isArray(value)) return redactedItems(value, depth);
  const entries = Object.entries(value).slice(0, maxItems);
  return Object.fromEntries(
    entries.map(([name, inner]) => [
      name.slice(0, 100),
      secretName.test(name) && inner !== null && inner !== undefined ? hidden : redacted(inner, depth + 1),
    ]),
  );
}

function redactedItems(items: readonly unknown[], depth: number): unknown {
  if (items.length > 16 && items.every((item) => typeof item === 'number')) return `(${items.length} numbers)`;
  const shown = items.slice(0, maxItems).map((item) => redacted(item, depth + 1));
  return items.length > maxItems ? [...shown, `… ${items.length - maxItems} more`] : shown;
}
