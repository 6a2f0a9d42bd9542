import { InquiryAnswer, maxAnswerBytes } from '@bellwether/shared/contract/inquiry';
import { Type } from '@bellwether/shared/schema';
import { FleetError } from '../fleet/fleet-error.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Inquiries } from './inquiries.js';

interface AnswerRouteParts {
  readonly inquiries: Inquiries;
  /** The approved device that the session token is for, audience `answers`; throws FleetError. */
  readonly admitDevice: (token: string) => Promise<string>;
}

const params = Type.Object({ inquiry: Type.String({ maxLength: 40 }) });

/** `POST /inquiries/:inquiry/answer`: a device's own route, with its session's token. Who it is, is looked at before its body. */
export function answerRoutes(app: TypedApp, { inquiries, admitDevice }: AnswerRouteParts): void {
  app.decorateRequest('answering', '');
  app.post(
    '/inquiries/:inquiry/answer',
    {
      config: { access: 'device' },
      bodyLimit: maxAnswerBytes,
      onRequest: async (request) => {
        const token = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(request.headers.authorization ?? '')?.[1];
        if (token === undefined) throw new FleetError('session-invalid', 'an answer needs a session token');
        request.answering = await admitDevice(token);
      },
      schema: { summary: 'A device answers a question', tags: ['agents'], params, body: InquiryAnswer },
    },
    async (request, reply) => {
      await inquiries.answer(request.answering, request.params.inquiry, request.body);
      return reply.code(204).send();
    },
  );
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The device whose answer this is. */
    answering: string;
  }
}
