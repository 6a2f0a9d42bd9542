import { maxShare, rolloutIdPattern } from '@bellwether/shared/contract/evidence-window';
import { gatingCells } from '@bellwether/shared/evidence/counters';
import { hex64Pattern, modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';
import { EvidenceLimits, EvidencePolicy } from './evidence-policy.js';
import { Verdict } from './verdict.js';

/** Largest bundle, in bytes: 5,000 devices over some eight hours; Node’s texts end at four times of it. */
export const maxBundleBytes = 128 * 1024 * 1024;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const part = Type.Number({ minimum: 0, maximum: 1 });
const name = Type.String({ maxLength: 64 });
const byArm = Type.Object({ stable: count, canary: count });
const closed = { additionalProperties: false } as const;
const cell = Type.String({ pattern: `^(${gatingCells.join('|')})$` });
const many = { maxItems: 1_000_000 } as const;

/** SegmentCounters as they are written. */
const Segment = Type.Object({
  epoch: count,
  mode: Type.Union([Type.Literal('shadow'), Type.Literal('split')]),
  share: part,
  calls: byArm,
  runnerMs: byArm,
  labelled: byArm,
  cells: Type.Record(cell, byArm, closed),
  both: Type.Record(cell, count, closed),
});
const Device = Type.Object({
  device: name,
  stratum: name,
  segments: Type.Array(Segment, many),
  isIdle: Type.Optional(Type.Literal(true)),
});
const Outputs = Type.Object({
  share: part,
  stable: Type.Array(count),
  canary: Type.Array(count),
  rows: Type.Optional(Type.Number({ minimum: 1 })),
});

/** Neighbour as it is written. */
const Beside = Type.Object({
  device: name,
  stratum: name,
  since: count,
  epochs: Type.Array(Type.Object({ epoch: count, calls: count, slow: count }), many),
});

/** Of a step with two arms: VerdictInput without its limits. `devices` is null where the step is the whole rollout. */
export const PairedLook = Type.Object({
  kind: Type.Literal('paired'),
  devices: Type.Union([Type.Null(), Type.Array(Device, many)]),
  step: Type.Array(Device, many),
  strata: Type.Array(name),
  outputs: Type.Object({ classes: Type.Array(Outputs, many), confidence: Type.Array(Outputs, many) }),
  unmeasured: Type.Array(name, many),
  minCalls: count,
  neighbours: Type.Optional(Type.Array(Beside, many)),
});
export type PairedLook = Static<typeof PairedLook>;

/** Of a step in `full`: UnpairedInput without its limits. */
export const UnpairedLook = Type.Object({
  kind: Type.Literal('unpaired'),
  devices: Type.Array(
    Type.Object({
      device: name,
      stratum: name,
      calls: count,
      bad: count,
      overBudget: count,
      isIdle: Type.Optional(Type.Literal(true)),
    }),
    many,
  ),
  minCalls: count,
  provenStrata: Type.Array(name),
  baseline: Type.Record(
    Type.String({ maxLength: 64 }),
    Type.Object({ bad: count, calls: count, overBudget: Type.Optional(count) }),
  ),
});
export type UnpairedLook = Static<typeof UnpairedLook>;

const release = Type.Object({
  version: Type.String({ pattern: versionPattern }),
  manifest: Type.String({ pattern: hex64Pattern }),
});
const salt = Type.String({ pattern: '^[0-9a-f]{32}$' });

/**
 * A verdict and everything that it was made of: whoever has it can make the verdict again, without the server. The
 * server signs it with its key for verdicts. Salts are those of the draws and of the cohorts.
 */
export const VerdictBundle = Type.Object({
  schema: Type.Literal('bellwether.verdict.v1'),
  rollout: Type.String({ pattern: rolloutIdPattern }),
  model: Type.String({ pattern: modelNamePattern }),
  stable: release,
  canary: release,
  step: Type.Integer({ minimum: 0, maximum: 63 }),
  /** Hundredths of a percent. */
  share: Type.Integer({ minimum: 0, maximum: maxShare }),
  /** Epoch 0 begins here; wall time. */
  createdAtMs: count,
  /** When the server looked. */
  atMs: count,
  /** Of the server that decided. */
  codeVersion: Type.String({ maxLength: 64 }),
  salts: Type.Object({ draw: salt, cohort: salt }),
  policy: EvidencePolicy,
  /** The policy with every default filled in, as this code version had them. */
  limits: EvidenceLimits,
  look: Type.Union([PairedLook, UnpairedLook]),
  verdict: Verdict,
});
export type VerdictBundle = Static<typeof VerdictBundle>;
