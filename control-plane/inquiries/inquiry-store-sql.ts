import type { Kysely, Selectable } from 'kysely';
import { decodeAnswer, type Inquiry, type InquiryAnswer, type InquiryKind } from '@bellwether/shared/contract/inquiry';
import type { Tables } from '../database/schema.js';

/** A question as it is kept. */
export interface StoredInquiry extends Inquiry {
  readonly device: string;
  readonly by: string;
  readonly askedAtMs: number;
  readonly answeredAtMs: number | null;
}

const columns = [
  'id',
  'device',
  'kind',
  'lines',
  'asked_by',
  'asked_at_ms',
  'expires_at_ms',
  'answered_at_ms',
] as const;

/** Questions and their answers, in SQL. */
export class InquiryStoreSql {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** All, oldest first, without answers. */
  async all(): Promise<readonly StoredInquiry[]> {
    const rows = await this.#db.selectFrom('inquiries').select(columns).orderBy('number').execute();
    return rows.map(stored);
  }

  async put({ id, device, kind, lines = null, by, askedAtMs, expiresAtMs }: StoredInquiryRow): Promise<void> {
    const row = { id, device, kind, lines, asked_by: by, asked_at_ms: askedAtMs, expires_at_ms: expiresAtMs };
    await this.#db
      .insertInto('inquiries')
      .values({ ...row, answered_at_ms: null, answer: null })
      .execute();
  }

  /** False when it has an answer already: the first one stands. */
  async answer(id: string, answer: InquiryAnswer, answeredAtMs: number): Promise<boolean> {
    const result = await this.#db
      .updateTable('inquiries')
      .set({ answer: JSON.stringify(answer), answered_at_ms: answeredAtMs })
      .where('id', '=', id)
      .where('answered_at_ms', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async answerOf(id: string): Promise<InquiryAnswer | undefined> {
    const row = await this.#db.selectFrom('inquiries').select('answer').where('id', '=', id).executeTakeFirst();
    const text = row?.answer ?? undefined;
    return text === undefined ? undefined : decodeAnswer(Buffer.from(text));
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#db.deleteFrom('inquiries').where('id', 'in', ids).execute();
  }
}

type StoredInquiryRow = Omit<StoredInquiry, 'answeredAtMs' | 'lines'> & { readonly lines?: number | null | undefined };

type Row = Pick<Selectable<Tables['inquiries']>, (typeof columns)[number]>;

function stored(row: Row): StoredInquiry {
  const { id, device, lines, asked_by: by, asked_at_ms: askedAtMs, expires_at_ms: expiresAtMs } = row;
  const kind: InquiryKind = row.kind === 'logs' ? 'logs' : 'diagnostics';
  const asked = { id, device, kind, by, askedAtMs, expiresAtMs, answeredAtMs: row.answered_at_ms };
  return { ...asked, ...(lines !== null && { lines }) };
}
