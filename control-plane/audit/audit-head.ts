import { decodeDocument } from '@bellwether/shared/contract/decode';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { Envelope, openEnvelope } from '@bellwether/shared/signing/envelope';

/** Where the log ended at a time, signed by the server's audit key: whoever keeps it notices later what was rewritten or cut off [T-14]. */
export const AuditHead = Type.Object({
  schema: Type.Literal('bellwether.audit-head.v1'),
  sequence: Type.Integer({ minimum: 0 }),
  /** Of the row with that number; zeros for an empty log. */
  digest: Type.String({ pattern: hex64Pattern }),
  atMs: Type.Integer({ minimum: 0 }),
});
export type AuditHead = Static<typeof AuditHead>;

/** A head as it is kept away from the server: the envelope, and the key that signed it. */
export const HeadFile = Type.Object(
  { version: Type.Literal(1), public: Type.String({ pattern: hex64Pattern }), envelope: Envelope },
  { additionalProperties: false },
);
export type HeadFile = Static<typeof HeadFile>;

const compiledHead = Compile(AuditHead);
const compiledFile = Compile(HeadFile);
export const maxHeadBytes = 8192;

/** Reads a kept head and checks its signature; throws DecodeError or EnvelopeError. */
export function openHead(bytes: Uint8Array): AuditHead {
  const file = decodeDocument(compiledFile, bytes, { what: 'audit head', maxBytes: maxHeadBytes });
  const envelope = Buffer.from(JSON.stringify(file.envelope));
  const { payload } = openEnvelope('auditHead', envelope, [file.public], maxHeadBytes);
  return decodeDocument(compiledHead, payload, { what: 'audit head', maxBytes: maxHeadBytes });
}
