import type { GaugePage, GaugeQuestion } from '../alerts/gauge-page.js';
import type { SizeQuestion, TableSize } from '../database/table-sizes-sql.js';
import type { SeriesView } from '../telemetry/series-api.js';
import type { SeriesPlan } from '../telemetry/series-plan.js';
import type { EventPage, EventQuery } from '../timeline/timeline-api.js';

/** What is asked of the reading threads, and what they answer: plain data that crosses between threads. */
export interface Readings {
  readonly series: { readonly asked: SeriesPlan; readonly told: SeriesView[] };
  readonly events: { readonly asked: { readonly query: EventQuery; readonly limit: number }; readonly told: EventPage };
  readonly gauges: { readonly asked: GaugeQuestion; readonly told: GaugePage };
  readonly size: { readonly asked: SizeQuestion; readonly told: TableSize | null };
}

/** The kinds of questions. */
export type ReadingKind = keyof Readings;

/** A question as a thread gets it. */
export interface Question<Kind extends ReadingKind> {
  readonly kind: Kind;
  readonly asked: Readings[Kind]['asked'];
}

/** Answers each kind. */
export type Readers = { readonly [Kind in ReadingKind]: (asked: Readings[Kind]['asked']) => Readings[Kind]['told'] };
