import { gatingCells } from '@bellwether/shared/evidence/counters';
import { type Static, Type } from '@bellwether/shared/schema';

/** Of the rules that made a verdict: one more whenever the same counters could give another verdict. Golden bundles of every version are kept. */
export const verdictVersion = 2;

/** Versions whose bundles can be replayed. 1: slow calls were only compared with stable's, and every device without which there was too little was switched off [docs/decisions/0015, 0016]. */
export type VerdictVersion = Verdict['version'];

/** A verdict says at most so much. */
export const maxReasons = 64;

/** Why a verdict is what it is. `gathering` is the only reason that waiting answers. */
export const reasonCodes = [
  'harm',
  'single-device',
  'output-shift',
  'interference',
  'both-arms',
  'gathering',
  'idle',
  'enough',
  'unpaired-limit',
  'unpaired-within',
  'no-evidence',
  'not-measured',
] as const;

/** A sentence for people, and the numbers that it was made of. */
export const VerdictReason = Type.Object({
  code: Type.Enum(reasonCodes),
  text: Type.String({ maxLength: 500 }),
  cell: Type.Optional(Type.Enum(gatingCells)),
  stratum: Type.Optional(Type.String({ maxLength: 64 })),
  device: Type.Optional(Type.String({ maxLength: 64 })),
  numbers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9]{1,40}$' }), Type.Number()),
});
export type VerdictReason = Static<typeof VerdictReason>;

/**
 * What the evidence says at one look. `fail` takes the release back; `pass` lets the step end; `inconclusive` goes on
 * gathering or, at the step's time limit, holds for a person; `error`: it could not be measured, which is not "bad".
 */
export const Verdict = Type.Object({
  version: Type.Union([Type.Literal(1), Type.Literal(verdictVersion)]),
  value: Type.Union([Type.Literal('pass'), Type.Literal('fail'), Type.Literal('inconclusive'), Type.Literal('error')]),
  /** The decisive one first. */
  reasons: Type.Array(VerdictReason, { minItems: 1, maxItems: maxReasons }),
  /** Natural logarithms of the combined evidence of harm and of what it needs for `fail`. */
  logHarm: Type.Number(),
  logHarmLimit: Type.Number(),
  /** Strata that have what promotion asks; the others stay on stable when the rollout goes on. */
  passedStrata: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
  /** Devices whose canary is to be switched off: they disturb, or decide alone. */
  drop: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 10_000 }),
});
export type Verdict = Static<typeof Verdict>;
