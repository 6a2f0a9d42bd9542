import type { Database } from 'better-sqlite3';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile, Type } from '@bellwether/shared/schema';
import { type DriftStore, type NumberedWindow, type StoredLook, subjectKey, subjectOf } from './drift-store.js';

const KeptLook = Type.Object({
  begunAtMs: Type.Number(),
  lastAtMs: Type.Number(),
  streams: Type.Array(
    Type.Object({
      logE: Type.Number(),
      quietAtMs: Type.Number(),
      stabilityIndex: Type.Number(),
      jensenShannon: Type.Number(),
      peak: Type.Number(),
    }),
  ),
  accuracy: Type.Union([
    Type.Null(),
    Type.Object({ accuracy: Type.Number(), standardError: Type.Number(), answers: Type.Number() }),
  ]),
  rows: Type.Optional(Type.Number()),
});
const compiled = Compile(KeptLook);

/** The counter that says which windows are in the looks. */
const throughCounter = 'windows-watched';

/** Looks for drift in SQLite. */
export class DriftStoreSql implements DriftStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #commit: (work: () => void) => void;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#commit = db.transaction((work: () => void) => work());
  }

  newest(): number {
    return this.#statements.newest.get()?.number ?? 0;
  }

  through(): number {
    return this.#statements.through.get(throughCounter)?.value ?? 0;
  }

  setThrough(number: number): void {
    this.#statements.setThrough.run(throughCounter, number);
  }

  windows(after: number, upTo: number, limit: number): readonly NumberedWindow[] {
    return this.#statements.windows.all(after, upTo, limit);
  }

  looks(afterRow: number, limit: number): readonly (StoredLook & { readonly row: number })[] {
    return this.#statements.looks.all(afterRow, limit).map(({ subject, kept, ...row }) => {
      const read = checkSchema(compiled, parseStrictJson(Buffer.from(kept)), `stored drift of ${subject}`);
      return { ...row, subject: subjectOf(subject), kept: read };
    });
  }

  detectors({ subject, manifest }: Pick<StoredLook, 'subject' | 'manifest'>): Uint8Array | undefined {
    return this.#statements.detectors.get(subjectKey(subject), manifest)?.detectors;
  }

  put({ subject, kept, ...row }: StoredLook, detectors: Uint8Array): void {
    this.#statements.put.run({
      ...row,
      subject: subjectKey(subject),
      lastAtMs: Math.floor(kept.lastAtMs),
      kept: JSON.stringify(kept),
      detectors,
    });
  }

  trim(beforeMs: number): void {
    this.#statements.trim.run(Math.floor(beforeMs));
  }

  inOneCommit(work: () => void): void {
    this.#commit(work);
  }
}

interface Row {
  readonly subject: string;
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
  readonly through: number;
  readonly kept: string;
}

function prepare(db: Database) {
  return {
    newest: db.prepare<[], { number: number }>('select max(rowid) as number from windows'),
    through: db.prepare<[string], { value: number }>('select value from counters where name = ?'),
    setThrough: db.prepare<[string, number]>(
      'insert into counters (name, value) values (?, ?) on conflict do update set value = excluded.value',
    ),
    windows: db.prepare<[number, number, number], NumberedWindow>(
      `select rowid as number, device, arrived_at_ms as arrivedAtMs, body from windows
       where rowid > ? and rowid <= ? order by rowid limit ?`,
    ),
    looks: db.prepare<[number, number], Row & { readonly row: number }>(
      `select rowid as row, subject, model, version, manifest, through, kept from drift_looks
       where rowid > ? order by rowid limit ?`,
    ),
    detectors: db.prepare<[string, string], { detectors: Buffer }>(
      'select detectors from drift_looks where subject = ? and manifest = ?',
    ),
    put: db.prepare<[Row & { readonly lastAtMs: number; readonly detectors: Uint8Array }]>(
      `insert into drift_looks (subject, model, version, manifest, through, last_at_ms, kept, detectors)
       values (@subject, @model, @version, @manifest, @through, @lastAtMs, @kept, @detectors)
       on conflict do update set through = excluded.through, last_at_ms = excluded.last_at_ms,
       kept = excluded.kept, detectors = excluded.detectors`,
    ),
    trim: db.prepare<[number]>('delete from drift_looks where last_at_ms < ?'),
  };
}
