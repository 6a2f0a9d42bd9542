import { type Static, Type } from '@bellwether/shared/schema';
import type { TypedApp } from '../http/typed-app.js';
import type { Audit } from './audit.js';
import { AuditRow } from './audit-row.js';

/** The most rows of one answer. */
export const maxAuditPage = 1000;
const defaultRows = 100;

const querystring = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxAuditPage })),
  },
  { additionalProperties: false },
);

/** `GET /audit/rows?after=&limit=` */
export const AuditPage = Type.Object({ rows: Type.Array(AuditRow) });
export type AuditPage = Static<typeof AuditPage>;

/** `GET /audit/rows` */
export function auditRoutes(app: TypedApp, { audit }: { readonly audit: Pick<Audit, 'rows'> }): void {
  app.get(
    '/audit/rows',
    {
      config: { access: 'approver' },
      schema: { summary: 'What was decided, in its order', tags: ['audit'], querystring, response: { 200: AuditPage } },
    },
    ({ query }) => ({ rows: [...audit.rows(query.after ?? 0, query.limit ?? defaultRows)] }),
  );
}
