import { type Static, Type } from '@bellwether/shared/schema';
import { HeadFile } from './audit-head.js';
import { AuditRow } from './audit-row.js';

/** What the CLI and the console ask the audit log, under /api/v1. */

/** The most rows of one answer. */
export const maxAuditPage = 1000;

/** `GET /audit/rows?after=&limit=`; without `after` the newest. `end` is the last row's number. */
export const AuditPage = Type.Object({ rows: Type.Array(AuditRow), end: Type.Integer({ minimum: 0 }) });
export type AuditPage = Static<typeof AuditPage>;

/** `GET /audit/heads?limit=`, newest first. */
export const HeadList = Type.Object({
  heads: Type.Array(Type.Object({ sequence: Type.Integer(), atMs: Type.Integer(), head: HeadFile })),
});
