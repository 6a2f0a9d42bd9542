import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile, Type } from '@bellwether/shared/schema';
import { Envelope } from '@bellwether/shared/signing/envelope';
import type { TypedApp } from '../http/typed-app.js';
import type { Audit } from './audit.js';
import { AuditPage, HeadList, maxAuditPage } from './audit-api.js';
import { HeadFile } from './audit-head.js';
import type { AuditHeads } from './audit-heads.js';
import type { StoredHead } from './audit-store.js';

const defaultRows = 100;
const maxHeads = 1000;

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: maxAuditPage }));
const paging = Type.Object(
  { after: Type.Optional(Type.Integer({ minimum: 0 })), limit },
  { additionalProperties: false },
);
const headCount = Type.Object({ limit }, { additionalProperties: false });

interface AuditRouteParts {
  readonly audit: Pick<Audit, 'rows' | 'end'>;
  readonly heads: AuditHeads;
}

/** `GET /audit/rows`, `GET /audit/heads`, `POST /audit/heads`. */
export function auditRoutes(app: TypedApp, { audit, heads }: AuditRouteParts): void {
  const tags = ['audit'];
  const config = { access: 'approver' } as const;
  const rows = { summary: 'What was decided, in its order', tags, querystring: paging, response: { 200: AuditPage } };
  app.get('/audit/rows', { config, schema: rows }, ({ query }) => {
    const count = query.limit ?? defaultRows;
    const end = audit.end();
    return { rows: [...audit.rows(query.after ?? Math.max(0, end - count), count)], end };
  });
  const list = { summary: 'Signed heads, newest first', tags, querystring: headCount, response: { 200: HeadList } };
  app.get('/audit/heads', { config, schema: list }, ({ query }) => ({
    heads: heads.list(query.limit ?? maxHeads).map((each) => ({
      sequence: each.sequence,
      atMs: each.atMs,
      head: fileOf(each, heads.publicKey),
    })),
  }));
  const signing = { summary: 'Signs where the log ends now', tags, response: { 201: HeadFile } };
  app.post('/audit/heads', { config, schema: signing }, async (_request, reply) =>
    reply.code(201).send(fileOf(heads.sign(), heads.publicKey)),
  );
}

const compiledEnvelope = Compile(Envelope);

function fileOf({ sequence, envelope }: StoredHead, publicKey: string): HeadFile {
  const value = checkSchema(compiledEnvelope, parseStrictJson(Buffer.from(envelope)), `stored head ${sequence}`);
  return { version: 1, public: publicKey, envelope: value };
}
