import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { blobPath, metadataPath, type Problem } from '@bellwether/shared/contract/http-api';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { AuditTrail } from '../audit/audit-row.js';
import { actorOf, requireRole, signedIn } from '../http/route-guard.js';
import { parseRange } from './byte-range.js';
import type { ArtefactStore } from './catalog.js';
import { CatalogError, type CatalogErrorCode } from './catalog-error.js';
import { DownloadError, type DownloadErrorCode, type DownloadGate, type DownloadRight } from './download-gate.js';
import { metadataKeyUses, onlineKeyUses, parseRoleName, type ServerKeyUse } from './repository-layout.js';
import { maxRoleBytes } from './role-file.js';
import { decodeTrustChange, TrustChangeBody } from './trust-change-body.js';

/** What the routes need. */
export interface CatalogRoutesOptions {
  readonly store: ArtefactStore;
  readonly gate: DownloadGate;
  /** Where publications are written down. */
  readonly audit: AuditTrail;
}

interface BlobRequest {
  readonly Params: { readonly sha256: string };
  readonly Querystring: { readonly expires?: string; readonly signature?: string };
}

const metadataFile =
  '^(timestamp|[1-9][0-9]{0,9}\\.(root|snapshot|targets|(staging|production)-[a-z0-9]{1,63}))\\.json$';
/** A root, targets, and every role at once, in base64. */
const maxTrustChangeBytes = 64 * 1024 * 1024;
const immutable = 'public, max-age=31536000, immutable';
/** What needed a token is not for caches that others share (RFC 9111 §3.5). */
const privateImmutable = 'private, max-age=31536000, immutable';
const fileParams = Type.Object({ file: Type.String({ pattern: metadataFile }) });
const blobParams = Type.Object({ sha256: Type.String({ pattern: hex64Pattern }) });
const urlQuery = Type.Object({
  expires: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
  signature: Type.Optional(Type.String({ maxLength: 100 })),
});
const onlineKeyParams = Type.Object({ use: Type.Enum([...metadataKeyUses, ...onlineKeyUses]) });
const roleParams = Type.Object({ role: Type.String({ maxLength: 100 }) });

/** The artefact plane (metadata for anybody, blobs for who has a right to them [T-11]), and the publisher's way in, for operators. */
export const catalogRoutes: FastifyPluginAsync<CatalogRoutesOptions> = async (app, { store, gate, audit }) => {
  app.setErrorHandler(replyWithProblem);
  metadata(app, store);
  blobDownloads(app, { store, gate });
  await app.register(async (blobs) => blobUploads(blobs, store));
  await app.register(async (roles) => roleUploads(roles, { store, audit }));
  trustChanges(app, { store, audit });
  onlineKeyRoutes(app, { store, audit });
};

function metadata(app: FastifyInstance, store: ArtefactStore): void {
  const about = { tags: ['artefacts'], summary: 'A file of the TUF repository', security: [], params: fileParams };
  app.get<{ Params: { file: string } }>(
    `${metadataPath}:file`,
    { config: { access: 'public' }, schema: about },
    async (request, reply) => {
      const { file } = request.params;
      const bytes = await store.metadataFile(file);
      if (bytes === undefined) return notFound(reply, `there is no metadata file ${file}`);
      return reply
        .type('application/json')
        .header('cache-control', file === 'timestamp.json' ? 'no-cache' : immutable)
        .send(bytes);
    },
  );
}

function blobDownloads(app: FastifyInstance, { store, gate }: Pick<CatalogRoutesOptions, 'store' | 'gate'>): void {
  app.route<BlobRequest>({
    method: ['GET', 'HEAD'],
    url: `${blobPath}:sha256`,
    exposeHeadRoute: false,
    config: { access: 'device' },
    schema: {
      tags: ['artefacts'],
      summary: 'A blob, or one range of its bytes, for a device’s token, a signed URL or an operator',
      params: blobParams,
      querystring: urlQuery,
    },
    handler: async (request, reply) => {
      const { sha256 } = request.params;
      const { authorization } = request.headers;
      const right = await gate.judge({ sha256, authorization, url: request.query });
      const elsewhere = right === 'device' ? gate.cdnLocation(sha256) : undefined;
      if (elsewhere !== undefined) return reply.header('cache-control', 'no-store').redirect(elsewhere, 307);
      return sendBlob(store, request, reply, right);
    },
  });
}

/** Blobs are streamed to disk. */
function blobUploads(app: FastifyInstance, store: ArtefactStore): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.put<{ Params: { sha256: string }; Body: AsyncIterable<Uint8Array> | undefined }>(
    '/api/v1/blobs/sha256/:sha256',
    { config: { access: 'operator' }, schema: { tags: ['releases'], summary: 'Upload a blob', params: blobParams } },
    async (request, reply) => {
      // A request without a body has none, whatever its headers say: no bytes.
      await store.storeBlob(request.params.sha256, request.body ?? Readable.from([]));
      return reply.code(204).send();
    },
  );
}

/** Roles are kept byte for byte: what was signed is what is stored. */
function roleUploads(app: FastifyInstance, { store, audit }: Omit<CatalogRoutesOptions, 'gate'>): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: maxRoleBytes }, (_request, body, done) =>
    done(null, body),
  );
  app.post<{ Params: { role: string }; Body: Buffer | undefined }>(
    '/api/v1/catalog/roles/:role',
    {
      config: { access: 'operator' },
      schema: { tags: ['releases'], summary: 'Publish the next version of a signed role', params: roleParams },
    },
    async (request, reply) => {
      const { role } = request.params;
      // What counts is the signature; whoever holds no such key has no business here either.
      if (parseRoleName(role)?.stage === 'production') requireRole(signedIn(request), 'approver');
      const body = request.body ?? Buffer.alloc(0);
      const published = await store.publishRole(role, body);
      const details = { version: published.version, sha256: sha256(body) };
      audit.record({ actor: actorOf(request), action: 'catalog.publish', subject: role, details });
      return reply.send(published);
    },
  );
}

function trustChanges(app: FastifyInstance, { store, audit }: Omit<CatalogRoutesOptions, 'gate'>): void {
  app.post<{ Body: TrustChangeBody }>(
    '/api/v1/catalog/trust',
    {
      bodyLimit: maxTrustChangeBytes,
      config: { access: 'operator' },
      schema: { tags: ['releases'], summary: 'Change who may sign, all in one snapshot', body: TrustChangeBody },
    },
    async (request, reply) => {
      const change = decodeTrustChange(request.body);
      const published = await store.changeTrust(change);
      const roles = [...(change.root ? ['root'] : []), ...(change.targets ? ['targets'] : []), ...change.roles.keys()];
      audit.record({ actor: actorOf(request), action: 'catalog.trust', subject: roles.join(' '), details: published });
      return reply.send(published);
    },
  );
}

function onlineKeyRoutes(app: FastifyInstance, { store, audit }: Omit<CatalogRoutesOptions, 'gate'>): void {
  app.post<{ Params: { use: ServerKeyUse } }>(
    '/api/v1/catalog/online-keys/:use',
    {
      config: { access: 'operator' },
      schema: { tags: ['releases'], summary: 'Make the successor of an online key', params: onlineKeyParams },
    },
    async (request, reply) => {
      const { use } = request.params;
      const next = { use, public: await store.prepareOnlineKey(use) };
      audit.record({ actor: actorOf(request), action: 'catalog.online-key', subject: use, details: next });
      return reply.send(next);
    },
  );
}

async function sendBlob(
  store: ArtefactStore,
  request: FastifyRequest<BlobRequest>,
  reply: FastifyReply,
  right: DownloadRight,
): Promise<FastifyReply> {
  const { sha256 } = request.params;
  const etag = `"${sha256}"`;
  const blob = await store.openBlob(sha256);
  if (blob === undefined) return notFound(reply, `there is no blob ${sha256}`);
  const isSame = (request.headers['if-range'] ?? etag) === etag;
  const range = parseRange(isSame ? request.headers.range : undefined, blob.bytes);
  const caching = right === 'public' || right === 'url' ? immutable : privateImmutable;
  reply.type('application/octet-stream').headers({ etag, 'accept-ranges': 'bytes', 'cache-control': caching });
  if (range === 'unsatisfiable' || request.method === 'HEAD' || blob.bytes === 0) await blob.close();
  if (range === 'unsatisfiable') {
    return reply.code(416).header('content-range', `bytes */${blob.bytes}`).send();
  }
  const { start, end } = range === 'whole' ? { start: 0, end: blob.bytes - 1 } : range;
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${start}-${end}/${blob.bytes}`);
  reply.header('content-length', end - start + 1);
  return request.method === 'HEAD' || blob.bytes === 0 ? reply.send() : reply.send(blob.read(start, end));
}

/** HTTP status of each refusal that a request can meet. */
const statuses: Partial<Record<CatalogErrorCode | DownloadErrorCode, number>> = {
  'download-token-missing': 401,
  'download-url-invalid': 403,
  'blob-too-large': 413,
  'role-unknown': 404,
  'role-changed': 409,
  'role-would-fail': 422,
  'role-unsound': 409,
  'release-changed': 409,
  'release-removed': 409,
  'withdrawal-removed': 409,
  storage: 507,
};

/** Answers the catalogue's own refusals (RFC 9457); everything else is the server's error handler's. */
function replyWithProblem(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof CatalogError) && !(error instanceof DownloadError)) throw error;
  return sendProblem(reply, { status: statuses[error.code] ?? 422, code: error.code, detail: error.message });
}

function notFound(reply: FastifyReply, detail: string): FastifyReply {
  return sendProblem(reply, { status: 404, code: 'not-found', detail });
}

function sendProblem(
  reply: FastifyReply,
  { status, code, detail }: Pick<Problem, 'status' | 'code' | 'detail'>,
): FastifyReply {
  const problem: Problem = { type: 'about:blank', title: 'Refused by the catalogue', status, code, detail };
  return reply.code(status).type('application/problem+json').send(problem);
}
