import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '@bellwether/shared/contract/http-api';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { AlertErrorCode } from '../alerts/alert-error.js';
import type { PromotionErrorCode } from '../catalog/promotion.js';
import type { ConsumerErrorCode } from '../consumers/consumer-error.js';
import type { FleetErrorCode } from '../fleet/fleet-error.js';
import type { InquiryErrorCode } from '../inquiries/inquiry-error.js';
import { RateError } from '../limits/rate-error.js';
import { OperatorError, type OperatorErrorCode } from '../operators/operator-error.js';
import type { ReadingErrorCode } from '../reading/reading-error.js';
import type { RolloutErrorCode } from '../rollouts/rollout-error.js';
import type { SeriesErrorCode } from '../telemetry/series-error.js';
import type { WebhookErrorCode } from '../webhooks/webhook-error.js';

type OurCode =
  | PromotionErrorCode
  | FleetErrorCode
  | ConsumerErrorCode
  | InquiryErrorCode
  | Exclude<AlertErrorCode, 'rules-invalid'>
  | 'hook-secret-invalid'
  | 'device-rate'
  | RolloutErrorCode
  | SeriesErrorCode
  | Exclude<ReadingErrorCode, 'gauges-timeout' | 'size-timeout'>
  | WebhookErrorCode
  | OperatorErrorCode;

/** Our codes over HTTP. The catalogue's routes answer their own. */
const statuses: Readonly<Record<OurCode, number>> = {
  'operator-token-missing': 401,
  'operator-token-invalid': 401,
  'role-insufficient': 403,
  'request-forged': 403,
  'login-invalid': 401,
  'login-locked': 429,
  'login-rate': 429,
  'login-busy': 503,
  'not-a-login': 409,
  'operator-unknown': 404,
  'operator-exists': 409,
  'last-admin': 409,
  'password-weak': 422,
  'api-token-unknown': 404,
  'api-token-limit': 409,
  'api-token-bounds': 422,
  'token-invalid': 403,
  'token-expired': 403,
  'token-spent': 403,
  'token-revoked': 403,
  'token-unknown': 404,
  'key-taken': 409,
  'approval-pending': 403,
  'device-rejected': 403,
  'device-decommissioned': 403,
  'standing-conflict': 409,
  'rotation-unknown': 409,
  'proof-invalid': 403,
  'nonce-invalid': 403,
  'session-invalid': 401,
  'device-unknown': 404,
  'release-malformed': 400,
  'release-unknown': 404,
  'release-not-approved': 409,
  'release-withdrawn': 409,
  'release-approved': 409,
  'promotion-unknown': 404,
  'rollout-unknown': 404,
  'policy-unknown': 422,
  'policy-newer': 422,
  'policy-impossible': 422,
  'no-stable': 409,
  'rollout-overlaps': 409,
  'action-conflict': 409,
  'hold-unknown': 404,
  'verdict-unknown': 404,
  'consumer-exists': 409,
  'grant-impossible': 400,
  'consumer-unknown': 404,
  'inquiry-unknown': 404,
  'inquiry-limit': 409,
  'inquiry-unordered': 409,
  'inquiry-closed': 409,
  'hook-secret-invalid': 403,
  'device-rate': 429,
  'alert-unknown': 404,
  'alert-resolved': 409,
  'silence-unknown': 404,
  'silence-impossible': 422,
  'webhook-exists': 409,
  'webhook-unknown': 404,
  'webhook-impossible': 422,
  'series-impossible': 422,
  'series-too-large': 422,
  'series-timeout': 503,
  'events-timeout': 503,
};

/** fastify's own refusals that a client can meet, with a code of ours. */
const fastifyCodes: ReadonlyMap<string, string> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'body-too-large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'media-type'],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', 'body-invalid'],
  ['FST_ERR_CTP_INVALID_JSON_BODY', 'body-invalid'],
]);

const titles: ReadonlyMap<number, string> = new Map([
  [400, 'Bad request'],
  [401, 'Not authenticated'],
  [403, 'Forbidden'],
  [404, 'Not found'],
  [409, 'Conflict'],
  [413, 'Too large'],
  [415, 'Unsupported media type'],
  [422, 'Refused'],
  [429, 'Too many requests'],
  [503, 'Unavailable'],
]);

/** Answers every error as RFC 9457 problem details with a stable code; what we did not expect says nothing about itself. */
export function replyWithProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, code } = classify(error);
    // The route and not the URL: there stand a broker's secret, and signatures that open downloads.
    const { url: route } = request.routeOptions;
    if (status === 500) log.error({ err: error, method: request.method, route }, 'A request failed');
    const retryAfterSeconds =
      error instanceof OperatorError || error instanceof RateError ? error.retryAfterSeconds : undefined;
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
    const detail = status === 500 ? 'the server could not answer; its log says why' : error.message;
    return send(reply, { status, code, detail });
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, { status: 404, code: 'route-unknown', detail: `there is no ${request.method} ${request.url}` }),
  );
}

/** Answers a path that cannot be decoded: fastify refuses it before any route, and before any error handler. */
export function replyToBadPath({ message }: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  send(reply, { status: 400, code: 'path-invalid', detail: message });
}

function classify(error: FastifyError): { readonly status: number; readonly code: string } {
  const code = codeOf(error) ?? '';
  if (error.validationContext !== undefined) return { status: 400, code: `${part(error.validationContext)}-invalid` };
  if (isOurs(code)) return { status: statuses[code], code };
  const status = error.statusCode ?? 500;
  return { status, code: fastifyCodes.get(code) ?? (status >= 500 ? 'internal' : 'request-invalid') };
}

function isOurs(code: string): code is OurCode {
  return Object.hasOwn(statuses, code);
}

/** fastify's name for the part of a request that did not fit its schema. */
function part(context: string): string {
  return context === 'querystring' ? 'query' : context === 'params' ? 'path' : context;
}

function send(
  reply: FastifyReply,
  { status, code, detail }: Pick<Problem, 'status' | 'code' | 'detail'>,
): FastifyReply {
  const problem: Problem = { type: 'about:blank', title: titles.get(status) ?? 'Server error', status, code, detail };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}
