import type { Database } from 'better-sqlite3';
import { conditionsOf, devicesOfLabel, eventColumns } from './event-conditions.js';
import type { EventQuery, TimelineEvent } from './timeline-api.js';

/** Up to so many devices their rows are looked through whatever else is asked; those of more may be most of the table. */
const fewDevices = 200;

/** Where a row stands: later ones are greater. */
interface Place {
  readonly atMs: number;
  readonly id: number;
}

/** The rest of a stretch: the rows of one device, or those about the label itself, in the order of time. */
interface Stretch {
  readonly head: Place;
  readonly next: (below: Place) => Place | undefined;
}

/** Above every row. */
const top: Place = { atMs: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

/**
 * The newest rows of a label: those about it, and those of every device that carries it. Each stretch of them is in one index, in
 * the order of time; they are merged, so that nothing is read but one row of each and the answer itself.
 */
export class LabelledEventsSql {
  readonly #db: Database;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /** At most so many; undefined where the question is not of a label, or where another index may lead there sooner. */
  newest(query: EventQuery, limit: number): TimelineEvent[] | undefined {
    const { label, ...others } = query;
    if (label === undefined || query.after !== undefined) return undefined;
    const [labelKey = '', labelValue = ''] = label.split('=');
    const devices = this.#statements.devices.all({ labelKey, labelValue });
    const { device, model, release, rollout, kind } = query;
    const asksMore = [device, model, release, rollout, kind].some((each) => each !== undefined);
    if (asksMore && devices.length > fewDevices) return undefined;
    const stretches = this.#stretches(others, { label, devices });
    const rows: TimelineEvent[] = [];
    // Rows of such a device may be about the label as well.
    const seen = new Set<number>();
    for (let last = stretches.pop(); last !== undefined && rows.length < limit; last = stretches.pop()) {
      const { head, next } = last;
      const row = seen.has(head.id) ? undefined : this.#statements.row.get(head.id);
      seen.add(head.id);
      if (row !== undefined) rows.push(row);
      const following = next(head);
      if (following !== undefined) insert(stretches, { head: following, next });
    }
    return rows;
  }

  /** Those that are not empty, the one with the newest row last. */
  #stretches(query: EventQuery, of: { readonly label: string; readonly devices: readonly string[] }): Stretch[] {
    const { conditions, values } = conditionsOf(query);
    const stepsOf = (column: 'device' | 'label') => {
      const where = [`${column} = @of`, '(time_ms, id) < (@belowMs, @belowId)', ...conditions].join(' and ');
      const step = this.#db.prepare<[Readonly<Record<string, string | number>>], Place>(
        `select time_ms as atMs, id from events where ${where} order by time_ms desc, id desc limit 1`,
      );
      return (name: string) => (below: Place) =>
        step.get({ ...values, of: name, belowMs: below.atMs, belowId: below.id });
    };
    return [stepsOf('label')(of.label), ...of.devices.map(stepsOf('device'))]
      .flatMap((next) => {
        const head = next(top);
        return head === undefined ? [] : [{ head, next }];
      })
      .toSorted((a, b) => compare(a.head, b.head));
  }
}

function compare(a: Place, b: Place): number {
  return a.atMs - b.atMs || a.id - b.id;
}

/** Keeps them in order. */
function insert(stretches: Stretch[], stretch: Stretch): void {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = stretches[middle];
    if (at !== undefined && compare(at.head, stretch.head) < 0) low = middle + 1;
    else high = middle;
  }
  stretches.splice(low, 0, stretch);
}

function prepare(db: Database) {
  return {
    devices: db.prepare<[{ readonly labelKey: string; readonly labelValue: string }], string>(devicesOfLabel).pluck(),
    row: db.prepare<[number], TimelineEvent>(`select ${eventColumns} from events where id = ?`),
  };
}
