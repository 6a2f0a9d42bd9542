import { hex64Pattern } from '../ids.js';
import { type Static, Type } from '../schema.js';

/**
 * Where the server's audit log ended: the number of its last row and that row's digest, zeros for an empty log. The server
 * tells it with its signed time, devices remember the highest and say it in their reports, so that a log that is cut off or
 * written anew shows [T-14].
 */
export const AuditEnd = Type.Object({
  sequence: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  digest: Type.String({ pattern: hex64Pattern }),
});
export type AuditEnd = Static<typeof AuditEnd>;
