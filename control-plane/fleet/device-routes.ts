import { deviceIdPattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import { DeviceList, DeviceView } from '../http/operator-api.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';

const params = Type.Object({ id: Type.String({ pattern: deviceIdPattern }) });

/** `GET /devices`, `GET /devices/:id`. */
export function deviceRoutes(app: TypedApp, { views }: { readonly views: Views }): void {
  const tags = ['devices'];
  app.get('/devices', { schema: { summary: 'Every device', tags, response: { 200: DeviceList } } }, () => ({
    devices: views.devices(),
  }));
  app.get(
    '/devices/:id',
    { schema: { summary: 'One device', tags, params, response: { 200: DeviceView } } },
    ({ params: { id } }) => views.device(id),
  );
}
