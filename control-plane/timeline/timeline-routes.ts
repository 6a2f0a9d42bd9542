import { Type } from '@bellwether/shared/schema';
import type { TypedApp } from '../http/typed-app.js';
import { EventPage, EventQuery } from './timeline-api.js';
import { csvOf } from './timeline-csv.js';

const defaultEvents = 100;

interface TimelineRouteParts {
  /** What was acknowledged before a question is in its answer. */
  readonly events: (query: EventQuery, limit: number) => Promise<EventPage>;
}

/** `GET /events`, and the same as CSV: there the header `bellwether-cursor` says where older rows go on. */
export function timelineRoutes(app: TypedApp, { events: read }: TimelineRouteParts): void {
  const config = { access: 'viewer' } as const;
  const asked = { tags: ['telemetry'], querystring: EventQuery };
  const json = { ...asked, summary: 'The timeline, newest first', response: { 200: EventPage } };
  app.get('/events', { config, schema: json }, ({ query }) => read(query, query.limit ?? defaultEvents));
  const csv = { ...asked, summary: 'The timeline as CSV', response: { 200: Type.String() } };
  app.get('/events.csv', { config, schema: csv }, async ({ query }, reply) => {
    const { events, cursor } = await read(query, query.limit ?? defaultEvents);
    if (cursor !== null) reply.header('bellwether-cursor', cursor);
    return reply.type('text/csv; charset=utf-8').send(csvOf(events));
  });
}
