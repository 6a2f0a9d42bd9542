import type { Alert } from '@bellwether/shared/contract/alert';
import type { AlertRecord } from './alert-record.js';
import { alertView } from './alert-view.js';

interface Resolved {
  readonly view: Alert;
  readonly isTold: boolean;
  readonly resolvedAtMs: number;
}

/**
 * The newest alerts that are resolved, as they are told: without the thousands of devices that a stored one may name. What is
 * resolved stays as it is, so that nobody who looks at them has to wait until two hundred stored ones are read again.
 */
export class ResolvedAlerts {
  readonly #most: number;
  #newest: readonly Resolved[] = [];

  /** `most`: how many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes those among these that are resolved. */
  add(alerts: readonly AlertRecord[]): void {
    const more = alerts.flatMap((alert) => {
      const { isTold, resolvedAtMs } = alert;
      return resolvedAtMs === null ? [] : [{ view: alertView(alert), isTold, resolvedAtMs }];
    });
    if (more.length === 0) return;
    this.#newest = [...this.#newest, ...more].toSorted((a, b) => b.resolvedAtMs - a.resolvedAtMs).slice(0, this.#most);
  }

  /** Forgets what was resolved before. */
  trim(beforeMs: number): void {
    this.#newest = this.#newest.filter(({ resolvedAtMs }) => resolvedAtMs >= beforeMs);
  }

  /** All of them, or those that somebody was told of. */
  views(which: 'all' | 'told'): readonly Alert[] {
    return this.#newest.flatMap(({ view, isTold }) => (which === 'all' || isTold ? [view] : []));
  }
}
