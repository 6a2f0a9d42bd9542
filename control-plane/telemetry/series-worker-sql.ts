import { parentPort, workerData } from 'node:worker_threads';
import { openForReading } from '../database/reading-sqlite.js';
import type { SeriesView } from './series-api.js';
import { SeriesError, type SeriesErrorCode } from './series-error.js';
import type { SeriesPlan } from './series-plan.js';
import { SeriesReaderSql } from './series-reader-sql.js';

/** A question, and its answer: views, or why there are none. */
export interface SeriesQuestion {
  readonly id: number;
  readonly plan: SeriesPlan;
}
export type SeriesAnswer = { readonly id: number } & (
  | { readonly views: SeriesView[] }
  | { readonly code: SeriesErrorCode; readonly message: string }
);

/** The worker's main: a connection that only reads, one question after the other. What is no refusal ends it, and so reaches its owner. */
const reader = new SeriesReaderSql(openForReading(String(workerData)));

parentPort?.on('message', ({ id, plan }: SeriesQuestion) => {
  parentPort?.postMessage(answerTo(id, plan));
});

function answerTo(id: number, plan: SeriesPlan): SeriesAnswer {
  try {
    return { id, views: reader.read(plan) };
  } catch (error) {
    if (!(error instanceof SeriesError)) throw error;
    return { id, code: error.code, message: error.message };
  }
}
