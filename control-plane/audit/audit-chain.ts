import { sha256 } from '@bellwether/shared/signing/digest';
import type { AuditDetails, AuditEntry, AuditRow } from './audit-row.js';

/** What the first row says comes before it. */
export const genesisDigest = '0'.repeat(64);

const maxTextLength = 500;

/** The end of the chain. */
export interface ChainEnd {
  readonly sequence: number;
  readonly digest: string;
}

/** The row that follows: texts are cut to what a row holds, so that no caller can make one that cannot be stored. */
export function nextRow(entry: AuditEntry, last: ChainEnd | undefined, atMs: number): AuditRow {
  const content = {
    sequence: (last?.sequence ?? 0) + 1,
    atMs,
    actor: entry.actor.slice(0, 200),
    action: entry.action.slice(0, 100),
    subject: entry.subject.slice(0, maxTextLength),
    details: sortedDetails(entry.details ?? {}),
    previous: last?.digest ?? genesisDigest,
  };
  return { ...content, digest: digestOf(content) };
}

/** SHA-256 over the row's content as a JSON array with the format's name first and the details' keys sorted: one row, one text. */
export function digestOf(row: Omit<AuditRow, 'digest'>): string {
  const { sequence, atMs, actor, action, subject, details, previous } = row;
  const pairs = Object.entries(sortedDetails(details));
  const content = ['bellwether.audit.v1', sequence, atMs, actor, action, subject, pairs, previous];
  return sha256(Buffer.from(JSON.stringify(content)));
}

function sortedDetails(details: AuditDetails): AuditRow['details'] {
  const pairs = Object.entries(details).map(
    ([name, value]) => [name, typeof value === 'string' ? value.slice(0, maxTextLength) : value] as const,
  );
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}
