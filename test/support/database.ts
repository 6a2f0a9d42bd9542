import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '@bellwether/control-plane/database/database-sqlite';

/** A real SQLite file in a temporary folder. */
export interface TestDatabase extends Database {
  readonly path: string;
  /** Closes it and removes its folder. */
  remove(): Promise<void>;
}

/** Makes one, with every migration; `:memory:` where the disk is not what is tried. */
export async function temporaryDatabase(memory?: ':memory:'): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-database-'));
  const path = memory ?? join(folder, 'bellwether.sqlite');
  const database = await openDatabase(path);
  return {
    ...database,
    path,
    remove: async () => {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
