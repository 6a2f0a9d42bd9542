import { Type } from '@bellwether/shared/schema';
import type { TypedApp } from '../http/typed-app.js';
import { metrics } from './metric.js';
import { maxPoints, SeriesQuery, SeriesReply, type SeriesView } from './series-api.js';
import { csvOf } from './series-csv.js';
import { pageOf } from './series-page.js';
import { planSeries, type SeriesFacts, type SeriesPlan } from './series-plan.js';

interface SeriesRouteParts {
  /** What was acknowledged before a question is in its answer. */
  readonly rollUps: { store(): void };
  readonly read: (plan: SeriesPlan) => Promise<SeriesView[]>;
  readonly facts: () => SeriesFacts;
}

/** `GET /telemetry/series`, and the same as CSV: there the header `bellwether-cursor` says where the next answer goes on. */
export function seriesRoutes(app: TypedApp, { rollUps, read, facts }: SeriesRouteParts): void {
  const answer = async (query: SeriesQuery): Promise<SeriesReply> => {
    const plan = planSeries(query, facts());
    const { metric, fromMs, toMs, isWhole, level } = plan;
    rollUps.store();
    const { unit = '1', about = '' } = metrics.get(metric) ?? {};
    const page = pageOf(await read(plan), maxPoints);
    return { metric, unit, about, fromMs, toMs, step: isWhole ? 'all' : level, ...page };
  };
  const config = { access: 'viewer' } as const;
  const asked = { tags: ['telemetry'], querystring: SeriesQuery };
  const json = { ...asked, summary: 'One metric over time', response: { 200: SeriesReply } };
  app.get('/telemetry/series', { config, schema: json }, ({ query }) => answer(query));
  const csv = { ...asked, summary: 'One metric over time, as CSV', response: { 200: Type.String() } };
  app.get('/telemetry/series.csv', { config, schema: csv }, async ({ query }, reply) => {
    const page = await answer(query);
    if (page.cursor !== null) reply.header('bellwether-cursor', page.cursor);
    return reply.type('text/csv; charset=utf-8').send(csvOf(page));
  });
}
