import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@bellwether/control-plane/database/database-sqlite';

const writer = fileURLToPath(new URL('./ingest-writer.js', import.meta.url));
const file = 'bellwether.sqlite';

/** A server's database whose process was killed, and how long its log was when each window was acknowledged. */
export class WalLife {
  readonly #folder: string;
  /** Bytes of the log at each acknowledgement. */
  readonly boundaries: readonly number[];

  private constructor(folder: string, boundaries: readonly number[]) {
    this.#folder = folder;
    this.boundaries = boundaries;
  }

  static async live(windows: number): Promise<WalLife> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-wal-'));
    const child = spawn(process.execPath, [writer, folder, String(windows)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const boundaries: number[] = [];
    for await (const line of createInterface(child.stdout)) {
      // The next window may be in the log by now: only the last size is exact, the others are not too small.
      if (line.startsWith('acknowledged')) boundaries.push((await stat(join(folder, `${file}-wal`))).size);
      if (boundaries.length === windows) break;
    }
    child.kill('SIGKILL');
    await ended;
    return new WalLife(folder, boundaries);
  }

  /** Opens it with its log cut after `bytes`; answers how many windows it has, and that SQLite finds it whole. */
  async boot(bytes: number): Promise<{ readonly windows: number; readonly isWhole: boolean }> {
    const copy = await mkdtemp(join(tmpdir(), 'bellwether-wal-cut-'));
    try {
      for (const name of [file, `${file}-wal`]) await cp(join(this.#folder, name), join(copy, name));
      const log = await open(join(copy, `${file}-wal`), 'r+');
      await log.truncate(bytes);
      await log.close();
      const database = await openDatabase(join(copy, file));
      try {
        const windows = database.sqlite.prepare<[], number>('select count(*) from windows').pluck().get() ?? 0;
        const check = database.sqlite.prepare<[], string>('pragma integrity_check').pluck().get();
        return { windows, isWhole: check === 'ok' };
      } finally {
        await database.close();
      }
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
