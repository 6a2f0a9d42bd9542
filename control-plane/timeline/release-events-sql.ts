import type { Database } from 'better-sqlite3';
import type { CatalogRelease } from '../catalog/catalog.js';
import { releaseChanges } from './release-changes.js';
import type { Timeline } from './timeline-entry.js';

interface ToldRow {
  readonly release: string;
  readonly staging: number;
  readonly production: number;
  readonly withdrawn: number;
}

/**
 * Tells what changes in the catalogue: releases published, approved, withdrawn. What was told is stored, not when, so that a
 * server which was killed between a publication and its row tells it at its next start, and nothing is told twice.
 */
export class ReleaseEventsSql {
  readonly #look: (releases: readonly CatalogRelease[], atMs: number) => void;

  constructor(db: Database, timeline: Timeline) {
    const statements = prepare(db);
    const look = db.transaction((releases: readonly CatalogRelease[], atMs: number) => {
      const told = new Map(statements.all.all().map((row) => [row.release, row]));
      // The first look of a server whose catalogue is older than its timeline: that is no news.
      const isFirst = statements.begin.run().changes === 1;
      for (const each of releases) {
        const release = `${each.model}@${each.version}`;
        const row = told.get(release);
        const before = row && { staging: !!row.staging, production: !!row.production, withdrawn: !!row.withdrawn };
        const changes = releaseChanges(each, before);
        if (changes.length === 0) continue;
        const { staging, production, withdrawn } = each;
        statements.put.run(release, Number(staging), Number(production), Number(withdrawn !== null));
        if (isFirst) continue;
        for (const { kind, number, message } of changes) {
          const key = { source: 'catalog', run: release, sequence: number };
          timeline.add({ key, kind, atMs, arrivedAtMs: atMs, release, message });
        }
      }
    });
    this.#look = (releases, atMs) => look.immediate(releases, atMs);
  }

  /** Tells what is news; throws SQLite's error. */
  look(releases: readonly CatalogRelease[], atMs: number): void {
    this.#look(releases, atMs);
  }
}

function prepare(db: Database) {
  return {
    all: db.prepare<[], ToldRow>('select * from releases_told'),
    begin: db.prepare(`insert into counters (name, value) values ('releases-told', 1) on conflict do nothing`),
    put: db.prepare<[string, number, number, number]>(
      `insert into releases_told (release, staging, production, withdrawn) values (?, ?, ?, ?)
       on conflict do update set staging = max(staging, excluded.staging), production = max(production, excluded.production),
         withdrawn = max(withdrawn, excluded.withdrawn)`,
    ),
  };
}
