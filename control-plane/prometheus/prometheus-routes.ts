import { exposition, expositionType, type MetricFamily } from '@bellwether/shared/prometheus/exposition';
import type { TypedApp } from '../http/typed-app.js';

/** `GET /metrics` for Prometheus, at the root, where it looks: for a token of the role `metrics`, or any higher one. */
export function prometheusRoutes(
  app: TypedApp,
  { families }: { readonly families: () => readonly MetricFamily[] },
): void {
  const schema = { summary: 'Metrics for Prometheus, as text', tags: ['telemetry'] };
  app.get('/metrics', { config: { access: 'metrics' }, schema }, (_request, reply) => {
    return reply.type(expositionType).send(exposition(families()));
  });
}
