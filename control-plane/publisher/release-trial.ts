import { CodedError } from '@bellwether/shared/errors';
import { Compile, type Static, Type } from '@bellwether/shared/schema';

/** What a release shows of itself when it is run: its golden answers, and its score on its benchmark [T-13]. */
export const TrialResult = Type.Object(
  {
    goldenVectors: Type.Integer({ minimum: 1 }),
    /** Null for a release without a benchmark. */
    benchmark: Type.Union([
      Type.Null(),
      Type.Object({ samples: Type.Integer({ minimum: 1 }), accuracy: Type.Number({ minimum: 0, maximum: 1 }) }),
    ]),
  },
  { additionalProperties: false },
);
export type TrialResult = Static<typeof TrialResult>;

/** `trial-failed`: it ran and is not what it says. `trial-died`: its process ended without an answer, or took too long. */
export class TrialError extends CodedError<'trial-failed' | 'trial-died'> {}

/**
 * Runs the release whose files lie in a folder under their manifest's names, beside `manifest.json`, whose digest is
 * given. Rejects with TrialError.
 */
export type Trial = (folder: string, manifestSha256: string) => Promise<TrialResult>;

/** What the trial's process prints: its result, or what is wrong with the release. */
export const TrialReply = Type.Union([TrialResult, Type.Object({ problem: Type.String() })]);
export type TrialReply = Static<typeof TrialReply>;
export const compiledTrialReply = Compile(TrialReply);
