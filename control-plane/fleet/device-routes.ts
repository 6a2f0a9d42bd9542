import { deviceIdPattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import { DeviceList, DeviceView, KeyApproval, NoDetails } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';
import type { DeviceDecisions } from './device-decisions.js';

const params = Type.Object({ id: Type.String({ pattern: deviceIdPattern }) });

interface DeviceRouteParts {
  readonly views: Views;
  readonly decisions: DeviceDecisions;
}

/** `GET /devices`, `GET /devices/:id`, `POST /devices/:id/approve|reject|decommission|approve-key`. */
export function deviceRoutes(app: TypedApp, { views, decisions }: DeviceRouteParts): void {
  const tags = ['devices'];
  app.get(
    '/devices',
    { config: { access: 'viewer' }, schema: { summary: 'Every device', tags, response: { 200: DeviceList } } },
    () => ({
      devices: views.devices(),
    }),
  );
  app.get(
    '/devices/:id',
    { config: { access: 'viewer' }, schema: { summary: 'One device', tags, params, response: { 200: DeviceView } } },
    ({ params: { id } }) => views.device(id),
  );
  const summaries = {
    approve: 'Lets a device in that waits; compare its fingerprint first',
    reject: 'Turns a device away that waits',
    decommission: 'Puts a device out for ever: its session ends, and its key is refused',
  } as const;
  for (const decision of ['approve', 'reject', 'decommission'] as const) {
    const schema = { summary: summaries[decision], tags, params, body: NoDetails, response: { 200: DeviceView } };
    const access = decision === 'decommission' ? 'operator' : 'approver';
    app.post(`/devices/:id/${decision}`, { config: { access }, schema }, async (request, reply) => {
      const { id } = request.params;
      await decisions.take(id, decision, actorOf(request));
      return reply.send(views.device(id));
    });
  }
  const keyApproval = {
    summary: 'Lets a device go on with the key that it asks for; compare its fingerprint first',
    tags,
    params,
    body: KeyApproval,
    response: { 200: DeviceView },
  };
  app.post(
    '/devices/:id/approve-key',
    { config: { access: 'approver' }, schema: keyApproval },
    async (request, reply) => {
      const { id } = request.params;
      const { fingerprint } = request.body;
      await decisions.approveKey(id, fingerprint, actorOf(request));
      return reply.send(views.device(id));
    },
  );
}
