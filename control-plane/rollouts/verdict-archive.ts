import type { Log } from '@bellwether/shared/log';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import type { Look } from './evidence-looks.js';
import { rolloutId, type StagedRollout } from './rollout.js';
import { sealBundle } from './verdict/bundle-file.js';
import { pairedLook, unpairedLook } from './verdict/bundle-look.js';
import { limitsOf } from './verdict/evidence-policy.js';
import type { VerdictStoreSql } from './verdict-store-sql.js';

interface ArchiveParts {
  readonly store: Pick<VerdictStoreSql, 'keep' | 'of'>;
  /** The server's keys for verdicts; the first signs. */
  readonly keys: () => readonly KeyPair[];
  readonly codeVersion: string;
  readonly log: Log;
}

/** Keeps the verdicts that something came of, each with all that it was made of, signed. */
export class VerdictArchive {
  readonly #parts: ArchiveParts;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  /** True when what a rollout is taken back for is kept: the server may have been killed before. */
  has({ number, course, reason }: StagedRollout): boolean {
    const isHarm = reason?.code === 'harm';
    return this.#parts.store
      .of(number)
      .some(({ step, value }) => step === course.step && (!isHarm || value === 'fail'));
  }

  /** Keeps one look. It is bookkeeping: that it cannot be kept takes nothing back, and is logged. */
  keep(rollout: StagedRollout, look: Look, stableVersion: string | undefined): void {
    const { store, keys, codeVersion, log } = this.#parts;
    const [key] = keys();
    const { course } = rollout;
    const step = course.policy.steps[course.step];
    const base = [...rollout.members.values()][0]?.base;
    if (key === undefined || step === undefined || base === undefined || stableVersion === undefined) return;
    const policy = course.policy.evidence ?? {};
    const bundle = {
      schema: 'bellwether.verdict.v1' as const,
      rollout: rolloutId(rollout),
      model: rollout.model,
      stable: { version: stableVersion, manifest: base },
      canary: { version: rollout.version, manifest: rollout.manifest },
      step: course.step,
      share: Math.round(step.share * 100),
      createdAtMs: rollout.createdAtMs,
      atMs: look.atMs,
      codeVersion,
      salts: { draw: course.salt, cohort: course.cohortKey },
      policy,
      limits: limitsOf(policy),
      look: look.unpaired === undefined ? pairedLook(look.paired) : unpairedLook(look.unpaired),
      verdict: look.verdict,
    };
    try {
      const file = JSON.stringify(sealBundle(bundle, key));
      const { value, reasons } = look.verdict;
      const release = `${rollout.model}@${rollout.version}`;
      const because = reasons[0]?.text ?? '';
      store.keep(rollout.number, { atMs: look.atMs, step: course.step, value, release, because }, file);
    } catch (cause) {
      log.error({ err: cause, rollout: bundle.rollout }, 'A verdict could not be kept');
    }
  }
}
