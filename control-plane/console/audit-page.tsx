import { useState } from 'preact/hooks';
import type { AuditPage as Rows } from '@bellwether/control-plane/audit/audit-api';
import { AuditProof } from './audit-proof.js';
import { formatDate } from './format.js';
import type { PageProps } from './page.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';

const pageRows = 100;

/** What was decided, by whom, newest first; and where the log ends, to keep. */
export function AuditPage({ api }: PageProps) {
  // Rows up to this one; undefined: the newest.
  const [upTo, setUpTo] = useState<number | undefined>();
  const after = upTo === undefined ? undefined : Math.max(0, upTo - pageRows);
  const limit = upTo === undefined ? pageRows : upTo - (after ?? 0);
  const query = { limit, ...(after !== undefined && { after }) };
  const { value, refusal, renew } = useResource<Rows>(api, 'GET /audit/rows', { query, cause: String(upTo) });
  const rows = value?.rows.toReversed() ?? [];
  const oldest = rows.at(-1)?.sequence ?? 1;
  return (
    <section aria-labelledby="audit-title">
      <div class="title-line">
        <h2 id="audit-title">Audit log</h2>
        <AuditProof api={api} end={value?.end ?? 0} renew={renew} />
      </div>
      <RefusalNote refusal={refusal} />
      <ol class="audit">
        {rows.map(({ sequence, atMs, actor, action, subject, details }) => (
          <li key={sequence}>
            <span class="number">{sequence}</span>
            <time>{formatDate(atMs)}</time>
            <span>
              <strong>{actor}</strong> {action} <code>{subject}</code>
              <span class="detail block">
                {Object.entries(details)
                  .map(([name, what]) => `${name}=${what}`)
                  .join(' · ')}
              </span>
            </span>
          </li>
        ))}
      </ol>
      <div class="buttons">
        {oldest > 1 && (
          <button type="button" class="button" onClick={() => setUpTo(oldest - 1)}>
            Older
          </button>
        )}
        {upTo !== undefined && (
          <button type="button" class="button" onClick={() => setUpTo(undefined)}>
            Newest
          </button>
        )}
      </div>
    </section>
  );
}
