import type { IncomingMessage } from 'node:http';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { expositionType } from '@bellwether/shared/prometheus/exposition';
import type { VerifiedModel } from '../installs/verified-model.js';
import { type Feedback, maxFeedbackBytes } from './feedback.js';
import { errorAnswer, LocalApiError } from './local-api-error.js';
import { type BodyLimits, HeldBody } from './local-api-http-body.js';
import type { InferenceObserver } from './observer.js';
import { maxJsonBytes } from './open-inference-json.js';
import { type InferenceRequest, readInferenceRequest } from './open-inference-request.js';
import { type InferenceResponse, modelMetadata, writeInferenceResponse } from './open-inference-response.js';
import type { Serving } from './serving.js';
import { ServingError } from './serving-error.js';

/** What the routes need to know of the agent. */
export interface LocalApiContent {
  readonly serving: Pick<Serving, 'infer' | 'releaseOf' | 'runnerOf'>;
  readonly observer: InferenceObserver;
  readonly feedback: Feedback;
  readonly log: Log;
  readonly agentVersion: string;
  /** Each ordered model serves some verified release. */
  readonly isReady: () => boolean;
  /** What `bellwether-agent status` prints, as JSON; or a promise of it. */
  readonly status: () => unknown;
  /** Text for Prometheus; undefined where it is not switched on. */
  readonly metrics?: (() => string) | undefined;
}

/** A reply, before it is sent. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly buffers: readonly Uint8Array[];
}

const modelPath = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer|feedback))?$/;

/** Answers one request of the local API; never rejects. */
export async function replyTo(request: IncomingMessage, content: LocalApiContent, limits: BodyLimits): Promise<Reply> {
  try {
    return await route(request, content, limits);
  } catch (thrown) {
    return errorReply(thrown, content.log);
  }
}

/** The reply to a request that failed. */
export function errorReply(thrown: unknown, log: Log): Reply {
  const { status, body } = errorAnswer(thrown);
  if (body.code === 'internal') log.error({ err: thrown }, 'a local request failed inside the agent');
  return json(status, body, status === 503 || status === 429 ? { 'retry-after': 1 } : {});
}

async function route(request: IncomingMessage, content: LocalApiContent, limits: BodyLimits): Promise<Reply> {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const [, model, version, verb] = modelPath.exec(path) ?? [];
  if (model === undefined) return fixedRoute(path, request, content);
  if (verb === 'infer') {
    requireMethod(request, 'POST');
    return infer(request, { model, version }, content, limits);
  }
  if (verb === 'feedback') {
    requireMethod(request, 'POST');
    // The truth is told of an answer, whatever version gave it.
    if (version !== undefined) throw new LocalApiError('not-found', `feedback goes to /v2/models/${model}/feedback`);
    return feedback(request, model, content, limits);
  }
  requireMethod(request, 'GET');
  const release = findRelease(content.serving, model, version);
  if (verb === undefined) return json(200, modelMetadata(release.manifest));
  return readiness(content.serving.runnerOf(model) !== undefined, { name: model });
}

function fixedRoute(path: string, request: IncomingMessage, content: LocalApiContent): Reply | Promise<Reply> {
  const { metrics } = content;
  const routes: Readonly<Record<string, () => Reply | Promise<Reply>>> = {
    '/v2': () =>
      json(200, { name: 'bellwether-agent', version: content.agentVersion, extensions: ['binary_tensor_data'] }),
    '/v2/health/live': () => json(200, { live: true }),
    '/v2/health/ready': () => readiness(content.isReady()),
    '/bellwether/status': async () => json(200, await content.status()),
    ...(metrics !== undefined && { '/metrics': () => metricsReply(metrics()) }),
  };
  const answer = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (answer === undefined) throw new LocalApiError('not-found', `there is nothing at ${path}`);
  requireMethod(request, 'GET');
  return answer();
}

interface Wanted {
  readonly model: string;
  readonly version: string | undefined;
}

async function infer(
  request: IncomingMessage,
  { model, version }: Wanted,
  content: LocalApiContent,
  limits: BodyLimits,
): Promise<Reply> {
  const body = new HeldBody(limits);
  try {
    const wanted = await readCall(request, body, { model, version }, content);
    const served = await content.serving.infer(model, {
      inputs: wanted.inputs,
      reset: wanted.reset,
      ...(wanted.assignmentKey === undefined ? {} : { stateKey: wanted.assignmentKey }),
      ...(version === undefined ? {} : { version }),
    });
    if (wanted.id !== undefined && served.evidence !== undefined) content.feedback.answered(wanted.id, served.evidence);
    return inferenceReply(writeInferenceResponse(wanted, served.outputs, { model, ...served }));
  } finally {
    body.release();
  }
}

/** A few bytes of JSON; many at once are turned away by their number, and all that are held by the budget of bodies. */
async function feedback(
  request: IncomingMessage,
  model: string,
  content: LocalApiContent,
  limits: BodyLimits,
): Promise<Reply> {
  const body = new HeldBody(limits);
  try {
    refuseEncoded(request);
    return json(200, content.feedback.take(model, await body.read(request, maxFeedbackBytes)));
  } finally {
    body.release();
  }
}

/** Serving tells the observer of every call that it gets; those that never come so far are told here. */
async function readCall(
  request: IncomingMessage,
  body: HeldBody,
  { model, version }: Wanted,
  { serving, observer }: LocalApiContent,
): Promise<InferenceRequest> {
  try {
    const { manifest } = findRelease(serving, model, version);
    const jsonBytes = jsonBytesOf(request);
    // Without binary tensors all of it is JSON.
    const whole = await (jsonBytes === undefined ? body.read(request, maxJsonBytes) : body.read(request));
    return readInferenceRequest(whole, jsonBytes, manifest);
  } catch (thrown) {
    observer.rejected(model, codeOf(thrown) ?? 'internal');
    throw thrown;
  }
}

function inferenceReply({ buffers, jsonBytes }: InferenceResponse): Reply {
  if (jsonBytes === undefined) return { status: 200, headers: { 'content-type': 'application/json' }, buffers };
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': jsonBytes };
  return { status: 200, headers, buffers };
}

function findRelease(serving: LocalApiContent['serving'], model: string, version: string | undefined): VerifiedModel {
  const release = serving.releaseOf(model, version);
  if (release === undefined) throw new ServingError('unknown-model', `no model ${model} serves here`);
  const serves = release.manifest.version;
  if (version !== undefined && version !== serves) {
    throw new ServingError('unknown-version', `${model}@${serves} serves here, not version ${version}`);
  }
  return release;
}

function refuseEncoded({ headers }: IncomingMessage): void {
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new LocalApiError('encoding', 'compressed bodies are not taken');
  }
}

function jsonBytesOf(request: IncomingMessage): number | undefined {
  refuseEncoded(request);
  const value = request.headers['inference-header-content-length'];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^\d{1,10}$/.test(value)) {
    throw new LocalApiError('malformed', 'Inference-Header-Content-Length is no number');
  }
  const bytes = Number(value);
  if (bytes > maxJsonBytes) {
    throw new LocalApiError('too-large', `${bytes} bytes of JSON, more than ${maxJsonBytes}: send tensors as binary`);
  }
  return bytes;
}

function requireMethod({ method }: IncomingMessage, wanted: string): void {
  if (method !== wanted) throw new LocalApiError('method', `only ${wanted} goes here, not ${method}`);
}

/** The protocol: 200 is true, 4xx is false. */
function readiness(isReady: boolean, more: object = {}): Reply {
  return json(isReady ? 200 : 400, { ...more, ready: isReady });
}

function metricsReply(text: string): Reply {
  return { status: 200, headers: { 'content-type': expositionType }, buffers: [Buffer.from(text)] };
}

function json(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  const headersWithType = { ...headers, 'content-type': 'application/json' };
  return { status, headers: headersWithType, buffers: [Buffer.from(JSON.stringify(value))] };
}
