import { Alert, alertRules } from '@bellwether/shared/contract/alert';
import { Type } from '@bellwether/shared/schema';
import { NoDetails } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import { Acknowledgement, AlertList, RuleList } from './alert-api.js';
import { type AlertRules, ruleFacts } from './alert-rule.js';
import type { Alerts } from './alerts.js';
import { SilenceList, SilenceRequest, SilenceView } from './silence.js';

const params = Type.Object({ id: Type.String({ maxLength: 40 }) });
const tags = ['alerts'];

interface AlertRouteParts {
  readonly alerts: Alerts;
  readonly rules: AlertRules;
}

/** `GET /alerts`, `/alerts/rules`, `/alerts/:id`, `POST /alerts/:id/acknowledge`, and `/alerts/silences`. */
export function alertRoutes(app: TypedApp, { alerts, rules }: AlertRouteParts): void {
  const list = { summary: 'Alerts, open and resolved ones, newest first', tags, response: { 200: AlertList } };
  app.get('/alerts', { config: { access: 'viewer' }, schema: list }, () => ({ alerts: alerts.views() }));
  const ruleSchema = { summary: 'The rules of alerts, as they hold here', tags, response: { 200: RuleList } };
  app.get('/alerts/rules', { config: { access: 'viewer' }, schema: ruleSchema }, () => ({
    rules: alertRules.map((rule) => ({ rule, ...ruleFacts[rule], ...rules[rule] })),
  }));
  const one = { summary: 'An alert', tags, params, response: { 200: Alert } };
  app.get('/alerts/:id', { config: { access: 'viewer' }, schema: one }, ({ params: { id } }) => alerts.view(id));
  const note = { ...one, summary: 'Takes note of an alert', body: Acknowledgement };
  app.post('/alerts/:id/acknowledge', { config: { access: 'operator' }, schema: note }, (request) =>
    alerts.acknowledge(request.params.id, { by: actorOf(request), why: request.body.why ?? null }),
  );
  silenceRoutes(app, alerts);
}

function silenceRoutes(app: TypedApp, { silences }: Pick<Alerts, 'silences'>): void {
  const all = { summary: 'What is silenced, or will be', tags, response: { 200: SilenceList } };
  app.get('/alerts/silences', { config: { access: 'viewer' }, schema: all }, () => ({ silences: silences.views() }));
  const made = {
    summary: 'Tells nobody of some devices or rules for a time',
    tags,
    body: SilenceRequest,
    response: { 201: SilenceView },
  };
  app.post('/alerts/silences', { config: { access: 'operator' }, schema: made }, async (request, reply) => {
    return reply.code(201).send(silences.view(silences.create(request.body, actorOf(request))));
  });
  const end = { summary: 'Ends a silence', tags, params, body: NoDetails, response: { 200: SilenceList } };
  app.post('/alerts/silences/:id/end', { config: { access: 'operator' }, schema: end }, (request) => {
    silences.end(request.params.id, actorOf(request));
    return { silences: silences.views() };
  });
}
