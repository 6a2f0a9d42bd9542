import { deviceIdPattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Inquiries } from './inquiries.js';
import { InquiryList, InquiryRequest, InquiryView } from './inquiry-api.js';

const id = Type.String({ pattern: deviceIdPattern });
const device = Type.Object({ id });
const one = Type.Object({ id, inquiry: Type.String({ maxLength: 40 }) });

/** `POST|GET /devices/:id/inquiries`, `GET /devices/:id/inquiries/:inquiry`: a device's log is not for everybody who may look. */
export function inquiryRoutes(app: TypedApp, { inquiries }: { readonly inquiries: Inquiries }): void {
  const config = { access: 'operator' } as const;
  const tags = ['devices'];
  app.post(
    '/devices/:id/inquiries',
    {
      config,
      schema: {
        summary: 'Asks a device for its log or its diagnostics',
        tags,
        params: device,
        body: InquiryRequest,
        response: { 200: InquiryView },
      },
    },
    (request) => inquiries.ask(request.params.id, request.body, actorOf(request)),
  );
  app.get(
    '/devices/:id/inquiries',
    {
      config,
      schema: { summary: 'What a device was asked', tags, params: device, response: { 200: InquiryList } },
    },
    async ({ params }) => ({ inquiries: [...inquiries.list(params.id)] }),
  );
  app.get(
    '/devices/:id/inquiries/:inquiry',
    { config, schema: { summary: 'One question, with its answer', tags, params: one, response: { 200: InquiryView } } },
    (request) => inquiries.read(request.params.id, request.params.inquiry),
  );
}
