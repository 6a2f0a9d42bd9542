import { deviceIdPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** Largest answer, in bytes of JSON. */
export const maxAnswerBytes = 256 * 1024;
/** Questions that one order may carry. */
export const maxInquiries = 4;
/** Log lines that one answer may carry. */
export const maxLogLines = 1000;

/** What may be asked: a closed list, as of everything in an order [T-5]. */
export const InquiryKind = Type.Union([Type.Literal('logs'), Type.Literal('diagnostics')]);
export type InquiryKind = Static<typeof InquiryKind>;

/**
 * A question that travels in a device's signed order: it changes nothing on the device, and is answered over HTTPS once.
 * An agent that does not know the field leaves it, and the question runs out at `expiresAtMs`.
 */
export const Inquiry = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  kind: InquiryKind,
  /** Of `logs`: the newest so many. */
  lines: Type.Optional(Type.Integer({ minimum: 1, maximum: maxLogLines })),
  expiresAtMs: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});
export type Inquiry = Static<typeof Inquiry>;

/** One line of a device's log, without secrets. `fields` is JSON, cut to its bounds. */
export const LogLine = Type.Object({
  atMs: Type.Integer({ minimum: 0 }),
  level: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')]),
  text: Type.String({ maxLength: 500 }),
  fields: Type.Optional(Type.String({ maxLength: 2000 })),
});
export type LogLine = Static<typeof LogLine>;

/** What the device answers. `facts` by name: what the device knows of itself, redacted; readers must bear any. */
export const InquiryAnswer = Type.Union([
  Type.Object({
    version: Type.Literal(1),
    kind: Type.Literal('logs'),
    device: Type.String({ pattern: deviceIdPattern }),
    atMs: Type.Integer({ minimum: 0 }),
    /** Oldest first. */
    lines: Type.Array(LogLine, { maxItems: maxLogLines }),
    /** Lines of this start of the agent that it holds no more, or that did not fit. */
    dropped: Type.Integer({ minimum: 0 }),
  }),
  Type.Object({
    version: Type.Literal(1),
    kind: Type.Literal('diagnostics'),
    device: Type.String({ pattern: deviceIdPattern }),
    atMs: Type.Integer({ minimum: 0 }),
    facts: Type.Record(Type.String({ pattern: '^[a-zA-Z]{1,40}$' }), Type.Unknown(), { maxProperties: 32 }),
  }),
]);
export type InquiryAnswer = Static<typeof InquiryAnswer>;

const compiled = Compile(InquiryAnswer);

/** Reads an answer; throws DecodeError. */
export function decodeAnswer(bytes: Uint8Array): InquiryAnswer {
  return decodeDocument(compiled, bytes, { what: 'answer', maxBytes: maxAnswerBytes, isUnsigned: true });
}

/** Where a device sends it: `POST`, with a session token of the audience `answers`. */
export function answerPath(id: string): string {
  return `/api/v1/inquiries/${id}/answer`;
}
