import { deviceIdPattern, hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { Envelope } from '../signing/envelope.js';
import { AuditEnd } from './audit-end.js';
import { decodeDocument } from './decode.js';
import { rolloutIdPattern } from './evidence-window.js';

/** Largest report, in bytes: 64 models, each with a refusal in words. */
export const maxReportBytes = 256 * 1024;

const count = Type.Integer({ minimum: 0 });
const release = { version: Type.String({ pattern: versionPattern }), manifest: Type.String({ pattern: hex64Pattern }) };
const refusal = { code: Type.String({ maxLength: 64 }), message: Type.String({ maxLength: 1000 }), atMs: count };

/** The phases of an install; `serving` is probation. */
export const installPhases = [
  'fetching',
  'verifying',
  'probing',
  'standby',
  'serving',
  'settled',
  'refused',
  'reverted',
] as const;
export type InstallPhase = (typeof installPhases)[number];

/** Why a canary that is ordered gets no calls; `installing` and `ready` are none. */
export const canaryStates = [
  'installing',
  'ready',
  /** Its release was refused: `refusal` has the code. */
  'refused',
  /** The device cannot hold two releases at once: it can only take `full` steps. */
  'no-room',
  /** The device's own breaker switched it off. */
  'tripped',
  /** No signed server time came for the lease [T-5]. */
  'lease-over',
  /** Three of its runners died. */
  'reverted',
] as const;

/** The canary of a model. `segment`: the one that its calls are counted in; 0 before its first draw. */
export const CanaryReport = Type.Object({
  ...release,
  rollout: Type.String({ pattern: rolloutIdPattern }),
  step: count,
  state: Type.Enum(canaryStates),
  segment: count,
  /** Why it has no calls, more exactly than `state`: `memory-low`. Left out by agents before this field. */
  code: Type.Optional(Type.String({ maxLength: 64 })),
  message: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type CanaryReport = Static<typeof CanaryReport>;

/** One model on a device: what serves, what is being installed, what was refused last. Readers ignore unknown fields. */
export const ModelReport = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  /** `probation` until it has settled. `sinceMs` is wall time. */
  serving: Type.Union([
    Type.Null(),
    Type.Object({
      ...release,
      sinceMs: count,
      phase: Type.Union([Type.Literal('probation'), Type.Literal('settled')]),
    }),
  ]),
  /** Bytes fetched of bytes needed while `fetching`. */
  install: Type.Union([
    Type.Null(),
    Type.Object({
      ...release,
      phase: Type.Enum(installPhases),
      bytes: Type.Optional(count),
      totalBytes: Type.Optional(count),
    }),
  ]),
  /** Left out while none is ordered, as by agents before this field [W-3]. */
  canary: Type.Optional(CanaryReport),
  refusal: Type.Union([
    Type.Null(),
    Type.Object({ ...release, ...refusal, kind: Type.Union([Type.Literal('permanent'), Type.Literal('passing')]) }),
  ]),
});
export type ModelReport = Static<typeof ModelReport>;

/** The machine that an agent runs on; read once at its start, so it may be missing from the first report. */
export const Machine = Type.Object({
  /** `Raspberry Pi 4 Model B Rev 1.4`, as the firmware names it. */
  hardware: Type.String({ maxLength: 200 }),
  cpu: Type.String({ maxLength: 200 }),
  cores: count,
  memoryBytes: count,
  /** `Debian GNU/Linux 12`. */
  os: Type.String({ maxLength: 200 }),
  kernel: Type.String({ maxLength: 100 }),
});
export type Machine = Static<typeof Machine>;

/** What a device says it runs. The newest (runId, sequence) counts; it is sent on every change and on every connection. */
export const Report = Type.Object({
  version: Type.Literal(1),
  device: Type.String({ pattern: deviceIdPattern }),
  runId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  bootId: Type.String({ maxLength: 64 }),
  sequence: count,
  atMs: count,
  agent: Type.Object({
    version: Type.String({ maxLength: 32 }),
    node: Type.String({ maxLength: 32 }),
    platform: Type.String({ maxLength: 32 }),
    arch: Type.String({ maxLength: 32 }),
  }),
  machine: Type.Optional(Machine),
  stage: Type.Union([Type.Literal('staging'), Type.Literal('production')]),
  /** True while the pinned root carries the mark `development`. */
  development: Type.Boolean(),
  /** The accepted order: `digest` is SHA-256 of its payload. */
  observed: Type.Union([
    Type.Null(),
    Type.Object({ epoch: count, generation: count, digest: Type.String({ pattern: hex64Pattern }) }),
  ]),
  /** `converged`: everything ordered is served. `working`: on the way. `held`: something was refused. */
  state: Type.Union([Type.Literal('converged'), Type.Literal('working'), Type.Literal('held')]),
  health: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('critical')]),
  /** The last order that was refused since the last accepted one. */
  orderRefusal: Type.Union([Type.Null(), Type.Object({ ...refusal, generation: Type.Optional(count) })]),
  models: Type.Array(ModelReport, { maxItems: 64 }),
  /** Versions of the verified TUF metadata. */
  metadata: Type.Union([Type.Null(), Type.Object({ root: count, targets: count, snapshot: count, timestamp: count })]),
  /** The highest end of the server's audit log that it has seen [T-14]. Left out by agents before this field. */
  auditHead: Type.Optional(Type.Union([Type.Null(), AuditEnd])),
  /** The device's signature over this report, as a link of its chain [T-12]: see receipt-chain. Null when the device could not keep the link. */
  receipt: Type.Union([Type.Null(), Envelope]),
});
export type Report = Static<typeof Report>;

const compiled = Compile(Report);

/** Reads a report; throws DecodeError. */
export function decodeReport(bytes: Uint8Array): Report {
  return decodeDocument(compiled, bytes, { what: 'report', maxBytes: maxReportBytes });
}
