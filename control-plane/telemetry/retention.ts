import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { ServeSettings } from '../config.js';
import type { RollUpStoreSql } from './roll-up-store-sql.js';
import type { TelemetryStore } from './telemetry-store.js';

const dayMs = 86_400_000;
const everyMs = 60_000;

interface RetentionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TelemetryStore;
  readonly rollUps: RollUpStoreSql;
  readonly days: Pick<ServeSettings, 'windowDays' | 'eventDays' | 'minuteDays' | 'hourDays'>;
}

const rowsPerPass = 5000;

/** Deletes old telemetry once a minute, a bounded number of rows at a time; returns what ends it. */
export function keepTrimmed({ clock, log, store, rollUps, days }: RetentionParts): () => void {
  let cancel = (): void => {};
  const pass = (): void => {
    const now = clock.now().wallMs;
    try {
      store.trim({
        windowsBeforeMs: now - days.windowDays * dayMs,
        eventsBeforeMs: now - days.eventDays * dayMs,
        rejectedMessages: 1000,
        rowsPerPass,
      });
      rollUps.trim({ minute: now - days.minuteDays * dayMs, hour: now - days.hourDays * dayMs }, rowsPerPass);
    } catch (cause) {
      // The next pass tries again; ingest has its own, louder answer to a database that does not write.
      log.warn({ err: cause, code: codeOf(cause) }, 'Old telemetry could not be deleted');
    }
    cancel = clock.after(everyMs, pass);
  };
  cancel = clock.after(everyMs, pass);
  return () => cancel();
}
