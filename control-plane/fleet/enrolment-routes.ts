import type { Clock } from '@bellwether/shared/clock';
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
import type { DeviceRates } from './device-rates.js';
import type { Enrolment } from './enrolment.js';
import type { KeyRotations } from './key-rotation.js';
import type { Sessions } from './sessions.js';

interface EnrolmentRouteParts {
  readonly enrolment: Enrolment;
  readonly sessions: Sessions;
  readonly rotations: KeyRotations;
  readonly rates: DeviceRates;
  readonly clock: Clock;
}

/** The devices' own routes: `POST /enrolments`, `POST /sessions/nonce`, `POST /sessions`, `POST /key-rotations`. They bring their own proof. */
export function enrolmentRoutes(app: TypedApp, parts: EnrolmentRouteParts): void {
  const { enrolment, sessions, rotations, rates, clock } = parts;
  app.addHook('onRequest', async ({ ip }) => rates.arrived(ip, clock.now().monotonicMs));
  const tags = ['agents'];
  app.post(
    '/enrolments',
    {
      config: { access: 'device' },
      schema: { summary: 'A device joins', tags, body: EnrolmentRequest, response: { 200: EnrolmentReply } },
    },
    ({ body, ip }) => enrolment.enrol(body, ip),
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
    ({ body, hostname, ip }) => sessions.open(body, { hostname, address: ip }),
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
    ({ body, ip }) => rotations.request(body, ip),
  );
}
