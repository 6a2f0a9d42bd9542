import {
  EnrolmentReply,
  EnrolmentRequest,
  KeyRotationReply,
  KeyRotationRequest,
  NonceReply,
  NonceRequest,
  SessionReply,
  SessionRequest,
} from '@bellwether/shared/contract/http-api';
import type { TypedApp } from '../http/typed-app.js';
import type { Enrolment } from './enrolment.js';
import type { KeyRotations } from './key-rotation.js';
import type { Sessions } from './sessions.js';

interface EnrolmentRouteParts {
  readonly enrolment: Enrolment;
  readonly sessions: Sessions;
  readonly rotations: KeyRotations;
}

/** The devices' own routes: `POST /enrolments`, `POST /sessions/nonce`, `POST /sessions`, `POST /key-rotations`. They bring their own proof. */
export function enrolmentRoutes(app: TypedApp, { enrolment, sessions, rotations }: EnrolmentRouteParts): void {
  const tags = ['agents'];
  app.post(
    '/enrolments',
    {
      config: { access: 'device' },
      schema: { summary: 'A device joins', tags, body: EnrolmentRequest, response: { 200: EnrolmentReply } },
    },
    ({ body }) => enrolment.enrol(body),
  );
  app.post(
    '/sessions/nonce',
    {
      config: { access: 'device' },
      schema: { summary: 'A nonce to sign', tags, body: NonceRequest, response: { 200: NonceReply } },
    },
    async ({ body }) => sessions.nonce(body),
  );
  app.post(
    '/sessions',
    {
      config: { access: 'device' },
      schema: { summary: 'A device logs in', tags, body: SessionRequest, response: { 200: SessionReply } },
    },
    ({ body, hostname }) => sessions.open(body, hostname),
  );
  app.post(
    '/key-rotations',
    {
      config: { access: 'device' },
      schema: {
        summary: 'A device asks to go on with another key',
        tags,
        body: KeyRotationRequest,
        response: { 200: KeyRotationReply },
      },
    },
    ({ body }) => rotations.request(body),
  );
}
