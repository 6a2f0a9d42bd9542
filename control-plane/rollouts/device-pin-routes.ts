import { deviceIdPattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import { DeviceView } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';
import type { DevicePins } from './device-pins.js';

const params = Type.Object({ id: Type.String({ pattern: deviceIdPattern }) });
const strict = { additionalProperties: false } as const;
const PinRequest = Type.Object(
  {
    /** A release that the device is to stay at, `exclude`, or `quarantine`. */
    what: Type.String({ maxLength: 200 }),
    why: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  },
  strict,
);
/** Without a model: out of exclusion or quarantine. */
const UnpinRequest = Type.Object({ model: Type.Optional(Type.String({ maxLength: 200 })) }, strict);

interface PinRouteParts {
  readonly pins: DevicePins;
  readonly views: Views;
  readonly audit: AuditTrail;
}

/** `POST /devices/:id/pin|unpin`. */
export function devicePinRoutes(app: TypedApp, { pins, views, audit }: PinRouteParts): void {
  const about = { tags: ['devices'], params, response: { 200: DeviceView } };
  const pin = { ...about, summary: 'Keeps a device at a release, or out of all rollouts', body: PinRequest };
  app.post('/devices/:id/pin', { config: { access: 'operator' }, schema: pin }, async (request, reply) => {
    const { id } = request.params;
    const { what, why = null } = request.body;
    const by = actorOf(request);
    await pins.pin(id, what, { by, why });
    audit.record({ actor: by, action: 'device.pin', subject: id, details: { what, why: why ?? '' } });
    return reply.send(views.device(id));
  });
  const unpin = { ...about, summary: 'Lets rollouts reach a device again', body: UnpinRequest };
  app.post('/devices/:id/unpin', { config: { access: 'operator' }, schema: unpin }, async (request, reply) => {
    const { id } = request.params;
    const { model } = request.body;
    await pins.unpin(id, model);
    audit.record({ actor: actorOf(request), action: 'device.unpin', subject: id, details: { model: model ?? '' } });
    return reply.send(views.device(id));
  });
}
