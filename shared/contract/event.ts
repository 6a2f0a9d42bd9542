import { deviceIdPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** Largest event, in bytes. */
export const maxEventBytes = 16 * 1024;

/** What devices tell of. Readers must bear kinds that they do not know. */
export const eventKinds = [
  'agent-started',
  'agent-stopping',
  'order-accepted',
  'order-refused',
  'install-phase',
  'release-refused',
  'release-serving',
  'release-settled',
  'release-reverted',
  'model-stopped',
  'canary-ready',
  'canary-dropped',
  'canary-tripped',
  'runner-died',
  'telemetry-lost',
  'host-rebooted',
  'clock-jumped',
  'throttled',
  'settings-changed',
] as const;
export type EventKind = (typeof eventKinds)[number];

/** One thing that happened on a device. Key: (device, runId, sequence), a sequence of its own. */
export const DeviceEvent = Type.Object({
  version: Type.Literal(1),
  device: Type.String({ pattern: deviceIdPattern }),
  runId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  sequence: Type.Integer({ minimum: 0 }),
  atMs: Type.Integer({ minimum: 0 }),
  kind: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
  /** `digits@1.1.0` where it is about a release. */
  release: Type.Optional(Type.String({ maxLength: 200 })),
  code: Type.Optional(Type.String({ maxLength: 64 })),
  message: Type.String({ maxLength: 1000 }),
});
export type DeviceEvent = Static<typeof DeviceEvent>;

const compiled = Compile(DeviceEvent);

/** Reads an event; throws DecodeError. */
export function decodeEvent(bytes: Uint8Array): DeviceEvent {
  return decodeDocument(compiled, bytes, { what: 'event', maxBytes: maxEventBytes });
}
