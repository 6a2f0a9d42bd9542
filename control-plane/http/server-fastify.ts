import { existsSync } from 'node:fs';
import { fastifySSE } from '@fastify/sse';
import serveFiles from '@fastify/static';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import { Type } from '@bellwether/shared/schema';
import { openApiDocs } from './api-docs.js';
import { limitBodyTime } from './body-time.js';
import { replyToBadPath, replyWithProblems } from './error-reply.js';
import type { ServerFactory } from './listener-fastify.js';
import { writeReplies } from './reply-text.js';
import { type Gate, guardRoutes } from './route-guard.js';
import { checkRequests } from './schema-check.js';
import { addSecurityHeaders } from './security-headers.js';
import { ServerStatus } from './status-api.js';
import type { TypedApp } from './typed-app.js';
import type { Views } from './views.js';

/** Larger bodies are the catalogue's own, which sets its own limits. */
const maxBodyBytes = 64 * 1024;
const heartbeatMs = 15_000;

export interface ServerParts {
  /** Makes the server below, with its timeouts. */
  readonly serverFactory: ServerFactory;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly gate: Gate;
  readonly views: Views;
  /** Routes below /api/v1 that bring their own proof. */
  readonly deviceRoutes: (app: TypedApp) => void;
  /** Routes below /api/v1 that external brokers ask, with a secret of their own. */
  readonly brokerRoutes: (app: TypedApp) => void;
  /** Routes below /api/v1 for operators. */
  readonly operatorRoutes: (app: TypedApp) => void;
  /** `/metrics`, at the root. */
  readonly metricsRoutes: (app: TypedApp) => void;
  /** The artefact plane, and uploads. */
  readonly artefacts: FastifyPluginAsync;
  /** The built console; left out where the folder is not there. */
  readonly consoleFolder: string;
}

/** The HTTP server, ready to listen: every route, its documentation and the console. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const { log, views, gate, consoleFolder } = parts;
  const app = fastify({
    bodyLimit: maxBodyBytes,
    serverFactory: parts.serverFactory,
    forceCloseConnections: true,
    frameworkErrors: replyToBadPath,
    routerOptions: { maxParamLength: 200 },
  });
  app.setValidatorCompiler(checkRequests);
  app.setSerializerCompiler(writeReplies);
  replyWithProblems(app, log);
  addSecurityHeaders(app);
  limitBodyTime(app, parts.clock);
  guardRoutes(app, gate);
  await openApiDocs(app, parts.version);
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: { hide: true, response: { 200: Type.Object({ status: Type.Literal('ok') }) } },
    },
    () => ({
      status: 'ok',
    }),
  );
  parts.metricsRoutes(app.withTypeProvider<TypeBoxTypeProvider>());
  await app.register(parts.artefacts);
  await app.register(
    async (api) => {
      parts.deviceRoutes(api.withTypeProvider<TypeBoxTypeProvider>());
    },
    { prefix: '/api/v1' },
  );
  await app.register(
    async (api) => {
      parts.brokerRoutes(api.withTypeProvider<TypeBoxTypeProvider>());
    },
    { prefix: '/api/v1' },
  );
  await app.register(
    async (api) => {
      await api.register(fastifySSE, { heartbeatInterval: heartbeatMs });
      const typed = api.withTypeProvider<TypeBoxTypeProvider>();
      statusRoute(typed, views);
      parts.operatorRoutes(typed);
    },
    { prefix: '/api/v1' },
  );
  if (existsSync(consoleFolder)) await app.register(serveFiles, { root: consoleFolder });
  else log.warn({ consoleFolder }, 'The console is not built; there is no page at /');
  return app;
}

function statusRoute(app: TypedApp, views: Views): void {
  app.get(
    '/status',
    {
      config: { access: 'viewer' },
      schema: { summary: 'The server', tags: ['server'], response: { 200: ServerStatus } },
    },
    ({ hostname }) => views.status(hostname),
  );
}
