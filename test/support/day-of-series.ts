import BetterSqlite3 from 'better-sqlite3';
import { RollUpBook } from '@bellwether/control-plane/telemetry/roll-up-book';
import { RollUpStoreSql } from '@bellwether/control-plane/telemetry/roll-up-store-sql';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { realWindow } from './real-window.js';

const minutes = 24 * 60;

/** Writes the series of the last 24 hours: a window a minute of each device, two releases. The server must not run. */
export function fillDayOfSeries(file: string, devices: number): void {
  const database = new BetterSqlite3(file);
  try {
    const store = new RollUpStoreSql(database);
    const book = new RollUpBook({ labelKeys: ['hardware'], isKnown: () => true });
    const nowMs = Date.now();
    const shapes = Array.from({ length: 64 }, (_, i) => realWindow('pi-0123456789abcdef', i, nowMs));
    const decoded = shapes.map(({ arms, host }) => ({
      host,
      arms: arms.map((arm) => ({
        arm,
        times: { compute: decodeHistogram(arm.compute), total: decodeHistogram(arm.total) },
      })),
    }));
    for (let minute = 0; minute < minutes; minute++) {
      const wallEndMs = nowMs - (minutes - minute) * 60_000;
      for (let i = 0; i < devices; i++) {
        const { arms = [], host } = decoded[(minute + i) % decoded.length] ?? {};
        if (host === undefined) continue;
        const version = i % 2 === 0 ? '1.0.0' : '1.1.0';
        const ofRelease = arms.map(({ arm, times }) => ({ arm: { ...arm, version }, times }));
        const device = `pi-${i.toString(16).padStart(16, '0')}`;
        const labels = { hardware: `kind-${i % 3}` };
        book.add({ window: { device, wallEndMs, host }, arms: ofRelease, labels, arrivedAtMs: nowMs });
      }
      // By the hour: this is about reading.
      if (minute % 60 !== 59) continue;
      store.add(book.sums(), 0);
      book.clear();
    }
  } finally {
    database.close();
  }
}
