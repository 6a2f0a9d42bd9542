/** What an artefact server's reply to a (range) request comes to. */
export type RangeVerdict =
  /** The body goes on at the asked offset (206), or begins at zero (200, or nothing was asked). */
  | { readonly kind: 'body'; readonly offset: number }
  /** What is here cannot be gone on with: start from nothing. */
  | { readonly kind: 'restart'; readonly why: string }
  /** Not now. `afterMs` is the server's own wish, null when it has none. */
  | { readonly kind: 'retry'; readonly why: string; readonly afterMs: number | null }
  /** The body would not be the signed size. */
  | { readonly kind: 'size'; readonly why: string }
  /** No: asking again would get the same answer. */
  | { readonly kind: 'final'; readonly why: string };

/** The reply's head. Header names are lower case. */
export interface RangeReply {
  readonly status: number;
  readonly header: (name: string) => string | null;
}

/** Judges a reply against what was asked: `offset` bytes are here of `bytes` (RFC 9110 §14, §10.2.3). */
export function judgeReply(
  reply: RangeReply,
  asked: { readonly offset: number; readonly bytes: number; readonly nowMs: number },
): RangeVerdict {
  const { status, header } = reply;
  if (status === 416) return { kind: 'restart', why: `416 for the range from ${asked.offset}` };
  if (status === 408 || status === 429 || status >= 500) {
    return { kind: 'retry', why: `status ${status}`, afterMs: retryAfterMs(header('retry-after'), asked.nowMs) };
  }
  if (status !== 200 && status !== 206) return { kind: 'final', why: `status ${status}` };
  const encoding = header('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    return { kind: 'final', why: `content encoding ${encoding}, which nobody asked for` };
  }
  return status === 206
    ? judgeRange(header('content-range'), asked)
    : judgeWhole(header('content-length'), asked.bytes);
}

function judgeRange(range: string | null, asked: { readonly offset: number; readonly bytes: number }): RangeVerdict {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(range ?? '') ?? [];
  if (first === undefined || Number(first) !== asked.offset || Number(last) >= asked.bytes) {
    return { kind: 'restart', why: `asked from ${asked.offset}, got ${range ?? 'no range'}` };
  }
  if (total !== '*' && Number(total) !== asked.bytes) {
    return { kind: 'size', why: `the server has ${total} bytes, ${asked.bytes} are signed` };
  }
  return { kind: 'body', offset: asked.offset };
}

function judgeWhole(length: string | null, bytes: number): RangeVerdict {
  if (length !== null && Number(length) !== bytes) {
    return { kind: 'size', why: `the server sends ${length} bytes, ${bytes} are signed` };
  }
  return { kind: 'body', offset: 0 };
}

/** Seconds or an HTTP date; null when there is none or it makes no sense. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
