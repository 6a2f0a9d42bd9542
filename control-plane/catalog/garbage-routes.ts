import type { Clock } from '@bellwether/shared/clock';
import type { AuditTrail } from '../audit/audit-row.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { ArtefactStore } from './catalog.js';
import type { StoredFile } from './garbage.js';
import { CollectReply, CollectRequest } from './garbage-api.js';

const defaultGraceHours = 24;
const hourMs = 3_600_000;

interface GarbageRouteParts {
  readonly store: Pick<ArtefactStore, 'collect'>;
  /** Digests of the manifests that orders, rollouts and pins name. */
  readonly held: () => ReadonlySet<string>;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** `POST /catalog/gc`: removes the files that nothing refers to. */
export function garbageRoutes(app: TypedApp, { store, held, clock, audit }: GarbageRouteParts): void {
  const schema = {
    summary: 'Removes blobs and metadata that nothing refers to',
    tags: ['releases'],
    body: CollectRequest,
    response: { 200: CollectReply },
  };
  app.post('/catalog/gc', { config: { access: 'admin' }, schema }, async (request, reply) => {
    const { dryRun = false, graceHours = defaultGraceHours } = request.body;
    const beforeMs = clock.now().wallMs - graceHours * hourMs;
    const collected = await store.collect({ dryRun, beforeMs, held });
    const [blobs, metadata] = [sizeOf(collected.blobs), sizeOf(collected.metadata)];
    const both = { files: blobs.files + metadata.files, bytes: blobs.bytes + metadata.bytes };
    if (!dryRun) {
      const details = { ...both, graceHours };
      audit.record({ actor: actorOf(request), action: 'catalog.collect', subject: 'catalog', details });
    }
    return reply.send({ dryRun, graceHours, blobs, metadata, ...both, kept: sizeOf(collected.kept) });
  });
}

function sizeOf(files: readonly StoredFile[]): { readonly files: number; readonly bytes: number } {
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
