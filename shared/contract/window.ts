import { WireHistogram } from '../evidence/histogram-wire.js';
import { deviceIdPattern, hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { maxClasses } from '../models/manifest.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';
import { EvidenceWindow, fillInEvidence, WireEvidenceWindow } from './evidence-window.js';
import { FeatureWindow } from './feature-window.js';

/** Largest window, in bytes, inflated. */
export const maxWindowBytes = 256 * 1024;

/** More arms do not fit into one window. */
export const maxArms = 256;

/** Nor do more segments of rollouts. */
const maxSegments = 128;

/** Bins of the confidence histogram: equal, over 0…1, the last one closed. */
export const confidenceBins = 20;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const percent = Type.Number({ minimum: 0 });
/** A record is closed: a key that does not fit would bring a value that nobody checked. */
const countsByCode = Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,40}$' }), count, { additionalProperties: false });

/**
 * What one arm of one model answered in the window. Counters belong to the arm and segment that the request was drawn
 * in. `requests` = answered + the sum of `errors`; 4xx, 503 and calls to an explicit version are no evidence and are
 * counted in `rejected` instead. Histograms are microseconds; `compute` is the runner's, `total` from parsed to answered.
 */
export const ArmWindow = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  arm: Type.Union([Type.Literal('stable'), Type.Literal('canary'), Type.Literal('shadow')]),
  version: Type.String({ pattern: versionPattern }),
  manifest: Type.String({ pattern: hex64Pattern }),
  /** Which stretch of a rollout; 0 outside one [W-4]. */
  segment: count,
  requests: count,
  /** By code: `runner-died`, `engine`, `deadline` … */
  errors: countsByCode,
  /** Answered, but with a number that is not finite in the interpreted output. */
  invalid: count,
  compute: WireHistogram,
  total: WireHistogram,
  /** Answers by class, in the order of the interpretation's labels; empty for a regression. */
  classes: Type.Array(count, { maxItems: maxClasses }),
  /** Probability of the answered class in `confidenceBins` bins; empty for a regression. */
  confidence: Type.Array(count, { maxItems: confidenceBins }),
  /**
   * Answers whose truth came in this window, whenever they were given: it was the class that was answered, or not. An
   * answer counts once. Left out when there are none, as by agents before this field [W-3].
   */
  feedback: Type.Optional(Type.Object({ correct: count, wrong: count })),
  runnerDeaths: count,
  /** Milliseconds in which the runner of this arm was computing. */
  busyMs: count,
});
export type ArmWindow = Static<typeof ArmWindow>;

/** The machine and the agent on it, at the window's end; CPU over the window, in percent of one core. */
export const HostWindow = Type.Object({
  cores: count,
  agentCpuPct: percent,
  runnersCpuPct: percent,
  agentRssBytes: count,
  runnersRssBytes: count,
  load1: percent,
  memoryTotalBytes: count,
  memoryAvailableBytes: count,
  diskTotalBytes: count,
  diskFreeBytes: count,
  temperatureC: Type.Union([Type.Null(), Type.Number()]),
});
export type HostWindow = Static<typeof HostWindow>;

/**
 * One telemetry message: what happened on a device in one interval, every arm together [W-4]. Its key is (device,
 * runId, sequence): it may come late, twice or out of order with the same result. Readers ignore unknown fields.
 */
export const Window = Type.Object({
  version: Type.Union([Type.Literal(1), Type.Literal(2)]),
  device: Type.String({ pattern: deviceIdPattern }),
  /** 128 random bits of this start of the agent, hex. */
  runId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  sequence: count,
  /** The host's boot. */
  bootId: Type.String({ maxLength: 64 }),
  /** Monotonic milliseconds since the agent started. */
  startMs: count,
  endMs: count,
  /** Wall clock at start and end, milliseconds since 1970, and whose clock it is. The distance is that of the monotonic times. */
  wallStartMs: count,
  wallEndMs: count,
  clock: Type.Union([Type.Literal('system'), Type.Literal('server')]),
  arms: Type.Array(ArmWindow, { maxItems: maxArms }),
  /** Left out while no canary runs, as by agents before this field [W-3]. */
  evidence: Type.Optional(Type.Array(EvidenceWindow, { maxItems: maxSegments })),
  /** Left out but in every tenth window, and where no release watches anything; as by agents before this field [W-3]. */
  features: Type.Optional(Type.Array(FeatureWindow, { maxItems: 128 })),
  /** Calls that were turned away before a draw, by model and code. */
  rejected: Type.Record(Type.String({ pattern: modelNamePattern }), countsByCode, { additionalProperties: false }),
  host: HostWindow,
  /** What the governor left out, in the order it was shed. */
  shed: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 16 }),
  /** What waits on the device, and what was dropped since the agent was installed. */
  outbox: Type.Object({ waiting: count, bytes: count, lostWindows: count, lostEvents: count }),
});
export type Window = Static<typeof Window>;

const arm = ArmWindow.properties;
const whole = Window.properties;
const outbox = whole.outbox.properties;

/**
 * A window as it travels. Since version 2 counts that mostly are 0 or empty are left out then, `clock` where it is the
 * machine's, `wallStartMs` where it lies as long before the end as the monotonic start, and histograms are one text each
 * (docs/decisions/0025).
 */
export const WireWindow = Type.Object({
  ...whole,
  wallStartMs: Type.Optional(whole.wallStartMs),
  clock: Type.Optional(whole.clock),
  arms: Type.Array(
    Type.Object({
      ...arm,
      segment: Type.Optional(arm.segment),
      errors: Type.Optional(arm.errors),
      invalid: Type.Optional(arm.invalid),
      classes: Type.Optional(arm.classes),
      confidence: Type.Optional(arm.confidence),
      runnerDeaths: Type.Optional(arm.runnerDeaths),
    }),
    { maxItems: maxArms },
  ),
  evidence: Type.Optional(Type.Array(WireEvidenceWindow, { maxItems: maxSegments })),
  rejected: Type.Optional(whole.rejected),
  shed: Type.Optional(whole.shed),
  outbox: Type.Optional(
    Type.Object({
      waiting: Type.Optional(outbox.waiting),
      bytes: Type.Optional(outbox.bytes),
      lostWindows: Type.Optional(outbox.lostWindows),
      lostEvents: Type.Optional(outbox.lostEvents),
    }),
  ),
});
export type WireWindow = Static<typeof WireWindow>;

const compiled = Compile(WireWindow);

/** Reads a window of this version or the one before, and fills in what was left out; throws DecodeError. */
export function decodeWindow(bytes: Uint8Array): Window {
  const wire = decodeDocument(compiled, bytes, { what: 'window', maxBytes: maxWindowBytes, isUnsigned: true });
  fillIn(wire);
  return wire;
}

/** In place: it was parsed just now and is nobody else's, and copying would cost more than parsing did. */
function fillIn(wire: WireWindow): asserts wire is Window {
  wire.wallStartMs ??= monotonicStart(wire);
  wire.clock ??= 'system';
  wire.rejected ??= {};
  wire.shed ??= [];
  wire.outbox ??= {};
  wire.outbox.waiting ??= 0;
  wire.outbox.bytes ??= 0;
  wire.outbox.lostWindows ??= 0;
  wire.outbox.lostEvents ??= 0;
  for (const evidence of wire.evidence ?? []) fillInEvidence(evidence);
  for (const sent of wire.arms) {
    sent.segment ??= 0;
    sent.errors ??= {};
    sent.invalid ??= 0;
    sent.classes ??= [];
    sent.confidence ??= [];
    sent.runnerDeaths ??= 0;
  }
}

/** When a window began by the wall, where it ended and how long it was; milliseconds since 1970. */
export function monotonicStart({ startMs, endMs, wallEndMs }: Pick<Window, 'startMs' | 'endMs' | 'wallEndMs'>): number {
  return Math.max(0, wallEndMs - (endMs - startMs));
}
