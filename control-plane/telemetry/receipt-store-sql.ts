import type { Database } from 'better-sqlite3';
import {
  judgeReceipt,
  type KnownReceipts,
  openReceipt,
  ReceiptError,
  type ReceiptErrorCode,
  type ReceiptVerdict,
} from '@bellwether/shared/contract/receipt-chain';
import type { Report } from '@bellwether/shared/contract/report';

/** What a report's receipt came to: its place in the chain, or why it is none. */
export type ReceiptOutcome =
  | { readonly verdict: ReceiptVerdict; readonly number: number }
  | { readonly refused: ReceiptErrorCode; readonly message: string };

/** The chains of receipts in SQLite, one for each device [T-12]. Call it inside the transaction that stores the report. */
export class ReceiptStoreSql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  /** Judges and keeps the receipt of a report; a repeated one changes nothing. */
  take(report: Report, arrivedAtMs: number): ReceiptOutcome {
    const { device } = report;
    const opened = this.#open(report);
    if (opened instanceof ReceiptError) return { refused: opened.code, message: opened.message };
    const { number, previous } = opened.receipt;
    const { digest } = opened;
    const verdict = judgeReceipt(opened, this.#known({ device, number, previous, digest }));
    if (verdict !== 'repeat') {
      const envelope = JSON.stringify(report.receipt);
      this.#statements.insert.run({ device, number, digest, previous, verdict, arrivedAtMs, envelope });
    }
    return { verdict, number };
  }

  /** Drops at most so many that arrived before, but no device's newest: the chain goes on from there. Answers how many. */
  trim(beforeMs: number, rows: number): number {
    return this.#statements.trim.run(beforeMs, rows).changes;
  }

  #open(report: Report): ReturnType<typeof openReceipt> | ReceiptError {
    const key = this.#statements.publicKey.get(report.device)?.public_key ?? '';
    try {
      return openReceipt(report, key);
    } catch (error) {
      if (error instanceof ReceiptError) return error;
      throw error;
    }
  }

  #known(receipt: { device: string; number: number; previous: string | null; digest: string }): KnownReceipts {
    const { last, sameNumber, samePredecessor, exact } = this.#statements;
    const { device, number, previous, digest } = receipt;
    // Of two receipts of one number both are kept: the one at hand may be the second.
    const same = exact.get(device, number, digest) ?? sameNumber.get(device, number);
    return {
      last: last.get(device) ?? null,
      sameNumber: same?.digest,
      samePredecessor: previous === null ? undefined : samePredecessor.get(device, previous, digest)?.digest,
    };
  }
}

interface DigestRow {
  readonly digest: string;
}

function prepare(db: Database) {
  return {
    publicKey: db.prepare<[string], { public_key: string }>('select public_key from devices where id = ?'),
    last: db.prepare<[string], { number: number; digest: string }>(
      'select number, digest from receipts where device = ? order by number desc, rowid limit 1',
    ),
    exact: db.prepare<[string, number, string], DigestRow>(
      'select digest from receipts where device = ? and number = ? and digest = ?',
    ),
    sameNumber: db.prepare<[string, number], DigestRow>(
      'select digest from receipts where device = ? and number = ? order by rowid limit 1',
    ),
    samePredecessor: db.prepare<[string, string, string], DigestRow>(
      'select digest from receipts where device = ? and previous = ? and digest <> ? order by rowid limit 1',
    ),
    insert: db.prepare<[Readonly<Record<string, unknown>>]>(
      `insert into receipts (device, number, digest, previous, verdict, arrived_at_ms, envelope)
       values (@device, @number, @digest, @previous, @verdict, @arrivedAtMs, @envelope)`,
    ),
    trim: db.prepare<[number, number]>(
      `delete from receipts where rowid in (
         select r.rowid from receipts r where r.arrived_at_ms < ?
           and r.number < (select max(number) from receipts where device = r.device) limit ?)`,
    ),
  };
}
