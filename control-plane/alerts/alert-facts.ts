import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Report } from '@bellwether/shared/contract/report';
import type { Window } from '@bellwether/shared/contract/window';
import type { CountedArm } from '../telemetry/device-message.js';
import type { ChangeBook } from './change-book.js';
import type { GaugeTrends } from './gauge-trends.js';
import type { WindowFacts } from './window-facts.js';

interface FactParts {
  readonly windows: WindowFacts;
  readonly trends: GaugeTrends;
  readonly changes: ChangeBook;
}

/** What messages say that alerts go by, for whoever stores messages. */
export class AlertFacts {
  readonly #parts: FactParts;

  constructor(parts: FactParts) {
    this.#parts = parts;
  }

  window(window: Window, arms: readonly CountedArm[], arrivedAtMs: number): void {
    this.#parts.windows.window(window, arms, arrivedAtMs);
    this.#parts.trends.take(window, arrivedAtMs);
  }

  event(event: DeviceEvent, arrivedAtMs: number): void {
    this.#parts.windows.event(event, arrivedAtMs);
    this.#parts.changes.event(event, arrivedAtMs);
  }

  report(report: Report, arrivedAtMs: number): void {
    this.#parts.changes.report(report, arrivedAtMs);
  }
}
