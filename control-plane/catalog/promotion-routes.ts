import { formatReleaseId, modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import { PromotionRequest, RejectionRequest, ReleaseView } from '../http/operator-api.js';
import { actorOf, signedIn } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';
import type { Promotions } from './promotions.js';

const params = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  version: Type.String({ pattern: versionPattern }),
});

interface PromotionRouteParts {
  readonly promotions: Promotions;
  readonly views: Views;
  readonly audit: AuditTrail;
}

/** `POST /releases/:model/:version/promotion` and `…/rejection`. The approval itself is a signed role, uploaded to the catalogue. */
export function promotionRoutes(app: TypedApp, { promotions, views, audit }: PromotionRouteParts): void {
  const tags = ['releases'];
  const response = { 200: ReleaseView };
  app.post(
    '/releases/:model/:version/promotion',
    {
      config: { access: 'operator' },
      schema: { summary: 'Asks for an approval', tags, params, body: PromotionRequest, response },
    },
    async (request, reply) => {
      const note = request.body.note ?? null;
      await promotions.request(request.params, { note, requestedBy: signedIn(request).name });
      const details = note === null ? {} : { note };
      const subject = formatReleaseId(request.params);
      audit.record({ actor: actorOf(request), action: 'release.promote', subject, details });
      return reply.send(views.release(request.params));
    },
  );
  app.post(
    '/releases/:model/:version/rejection',
    {
      config: { access: 'approver' },
      schema: { summary: 'Declines one', tags, params, body: RejectionRequest, response },
    },
    async (request, reply) => {
      const { reason } = request.body;
      await promotions.reject(request.params, reason);
      const subject = formatReleaseId(request.params);
      audit.record({ actor: actorOf(request), action: 'release.reject', subject, details: { reason } });
      return reply.send(views.release(request.params));
    },
  );
}
