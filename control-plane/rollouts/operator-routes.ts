import { Type } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import { RolloutDevice, RolloutDevicePage, RolloutList, RolloutRequest, RolloutView } from '../http/rollout-api.js';
import { RolloutPreview } from '../http/rollout-preview-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';
import type { Conductor } from './conductor.js';
import { pageOfDevices } from './rollout-devices.js';

const params = Type.Object({ id: Type.String({ maxLength: 40 }) });

const pageQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 500 }),
    state: Type.Optional(RolloutDevice.properties.state),
  },
  { additionalProperties: false },
);

interface RolloutRouteParts {
  readonly conductor: Conductor;
  readonly views: Views;
  readonly audit: AuditTrail;
}

/** `POST /rollouts`, `POST /rollouts/preview`, `GET /rollouts`, `GET /rollouts/:id`, `GET /rollouts/:id/devices`. */
export function rolloutRoutes(app: TypedApp, { conductor, views, audit }: RolloutRouteParts): void {
  const tags = ['rollouts'];
  app.post(
    '/rollouts',
    {
      config: { access: 'operator' },
      schema: { summary: 'Starts a rollout', tags, body: RolloutRequest, response: { 201: RolloutView } },
    },
    async (request, reply) => {
      const rollout = await conductor.create(request.body);
      const { release, to, policy } = rollout;
      const details = { release, to: JSON.stringify(to), policy };
      audit.record({ actor: actorOf(request), action: 'rollout.create', subject: rollout.id, details });
      return reply.code(201).send(rollout);
    },
  );
  app.post(
    '/rollouts/preview',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'What would become of a rollout; nothing is stored',
        tags,
        body: RolloutRequest,
        response: { 200: RolloutPreview },
      },
    },
    (request) => conductor.preview(request.body),
  );
  app.get(
    '/rollouts',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Every rollout, newest first', tags, response: { 200: RolloutList } },
    },
    () => ({
      rollouts: views.rollouts(),
    }),
  );
  app.get(
    '/rollouts/:id',
    { config: { access: 'viewer' }, schema: { summary: 'One rollout', tags, params, response: { 200: RolloutView } } },
    ({ params: { id } }) => views.rollout(id),
  );
  app.get(
    '/rollouts/:id/devices',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Every device of a rollout and where it stands, page by page',
        tags,
        params,
        querystring: pageQuery,
        response: { 200: RolloutDevicePage },
      },
    },
    ({ params: { id }, query }) => pageOfDevices(conductor.devicesOf(id), query),
  );
}
