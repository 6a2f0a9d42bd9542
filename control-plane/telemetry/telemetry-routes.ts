import { TelemetrySummary } from '../http/operator-api.js';
import type { TypedApp } from '../http/typed-app.js';
import { RejectedList } from './rejected-api.js';
import type { TelemetryStore } from './telemetry-store.js';

/** `GET /telemetry/summary`, `GET /telemetry/rejected`. */
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
}
