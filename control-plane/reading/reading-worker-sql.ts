import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@bellwether/shared/errors';
import { GaugePastSql } from '../alerts/gauge-past-sql.js';
import { openForReading } from '../database/reading-sqlite.js';
import { TableSizesSql } from '../database/table-sizes-sql.js';
import { SeriesError, type SeriesErrorCode } from '../telemetry/series-error.js';
import { SeriesReaderSql } from '../telemetry/series-reader-sql.js';
import { TimelineReaderSql } from '../timeline/timeline-reader-sql.js';
import type { Question, Readers, ReadingKind, Readings } from './readings.js';

/** What is told, why the question is refused, or why it could not be answered. */
export type Answer<Kind extends ReadingKind> =
  | { readonly told: Readings[Kind]['told'] }
  | { readonly code: SeriesErrorCode; readonly message: string }
  | { readonly failed: string };

/** The worker's main: a connection that only reads, one question after the other. */
const db = openForReading(String(workerData));
const [series, timeline, gauges] = [new SeriesReaderSql(db), new TimelineReaderSql(db), new GaugePastSql(db)];
const sizes = new TableSizesSql(db);
const readers: Readers = {
  series: (plan) => series.read(plan),
  events: ({ query, limit }) => timeline.page(query, limit),
  gauges: (asked) => gauges.page(asked),
  size: (asked) => sizes.next(asked),
};

parentPort?.on('message', (question: Question<ReadingKind>) => {
  parentPort?.postMessage(answerTo(question));
});

function answerTo<Kind extends ReadingKind>({ kind, asked }: Question<Kind>): Answer<Kind> {
  try {
    return { told: readers[kind](asked) };
  } catch (error) {
    if (!(error instanceof SeriesError)) return { failed: messageOf(error) };
    return { code: error.code, message: error.message };
  }
}
