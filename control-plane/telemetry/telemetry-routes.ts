import { Type } from '@bellwether/shared/schema';
import { EventList, TelemetrySummary } from '../http/operator-api.js';
import type { TypedApp } from '../http/typed-app.js';
import { RejectedList } from './rejected-api.js';
import type { TelemetryStore } from './telemetry-store.js';

const defaultEvents = 100;
const querystring = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) },
  { additionalProperties: false },
);

/** `GET /telemetry/summary`, `GET /telemetry/rejected`, `GET /events`. */
export function telemetryRoutes(app: TypedApp, { store }: { readonly store: TelemetryStore }): void {
  const tags = ['telemetry'];
  app.get(
    '/telemetry/summary',
    { config: { access: 'viewer' }, schema: { summary: 'What arrived', tags, response: { 200: TelemetrySummary } } },
    () => store.summary(),
  );
  app.get(
    '/telemetry/rejected',
    {
      config: { access: 'operator' },
      schema: { summary: 'Messages that could not be read', tags, response: { 200: RejectedList } },
    },
    () => ({ messages: store.rejected() }),
  );
  app.get(
    '/events',
    {
      config: { access: 'viewer' },
      schema: { summary: 'The timeline, newest first', tags, querystring, response: { 200: EventList } },
    },
    ({ query }) => ({ events: store.events(query.limit ?? defaultEvents) }),
  );
}
