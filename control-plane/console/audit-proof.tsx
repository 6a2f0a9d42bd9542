import { useState } from 'preact/hooks';
import type { AuditPage } from '@bellwether/control-plane/audit/audit-api';
import { Action } from './action.js';
import { RefusalNote } from './refusal-note.js';
import { saveFile } from './save-file.js';
import type { Refusal, ServerApi } from './server-api.js';

const exportRows = 1000;

interface AuditProofProps {
  readonly api: ServerApi;
  /** The last row's number. */
  readonly end: number;
  readonly renew: () => void;
}

/** What one keeps away from the server, to check it by: the whole log, and the server's word on where it ends. */
export function AuditProof({ api, end, renew }: AuditProofProps) {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const exportAll = async () => {
    setIsBusy(true);
    const lines = await allRows(api, end);
    setIsBusy(false);
    setRefusal('code' in lines ? lines : null);
    if ('texts' in lines) saveFile(`audit-1-${end}.jsonl`, lines.texts);
  };
  return (
    <span class="buttons">
      <RefusalNote refusal={refusal} />
      <button type="button" class="button" disabled={isBusy || end === 0} onClick={() => void exportAll()}>
        {isBusy ? 'Exporting …' : `Export ${end} rows`}
      </button>
      <Action<unknown>
        api={api}
        route="POST /audit/heads"
        label="Sign the end"
        title="Sign where the log ends"
        body={() => ({})}
        done={(head) => {
          saveFile(`audit-head-${end}.json`, [JSON.stringify(head, null, 2), '\n']);
          renew();
        }}
      >
        <p>
          The server signs how long the log is and what its last row is, as a file. Keep it where the server cannot
          reach it: <code>bellwether audit verify --head FILE</code> then shows what was altered, cut off or written
          anew.
        </p>
      </Action>
    </span>
  );
}

/** The log as lines of JSON, page by page, as `bellwether audit export` writes it. */
async function allRows(api: ServerApi, end: number): Promise<{ readonly texts: readonly string[] } | Refusal> {
  const texts: string[] = [];
  for (let after = 0; after < end; ) {
    const answer = await api.send<AuditPage>('GET /audit/rows', { query: { after, limit: exportRows } });
    if ('refusal' in answer) return answer.refusal;
    const { rows } = answer.reply;
    const last = rows.at(-1);
    if (last === undefined) break;
    texts.push(...rows.filter(({ sequence }) => sequence <= end).map((row) => `${JSON.stringify(row)}\n`));
    after = last.sequence;
  }
  return { texts };
}
