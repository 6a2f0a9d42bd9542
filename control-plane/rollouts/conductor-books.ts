import type { Log } from '@bellwether/shared/log';
import type { AuditTrail } from '../audit/audit-row.js';
import type { ConductorEyes } from './conductor-eyes.js';
import type { EvidenceLooks, Look } from './evidence-looks.js';
import type { FleetSight } from './fleet-sight.js';
import { hasEnded, isStaged, type Rollout, rolloutId } from './rollout.js';
import { momentsOf } from './rollout-moments.js';
import type { RolloutNews } from './rollout-store.js';
import type { RolloutEvent } from './transition.js';
import type { VerdictArchive } from './verdict-archive.js';

interface BookParts {
  readonly looks: EvidenceLooks;
  readonly eyes: ConductorEyes;
  readonly sight: FleetSight;
  readonly archive: Pick<VerdictArchive, 'keep' | 'has'>;
  readonly audit: AuditTrail;
  readonly log: Log;
}

/** What an event made of a rollout, and the look that there was before. */
interface Change {
  readonly before: Rollout;
  readonly next: Rollout;
  readonly look: Look | undefined;
}

/** What is written down of rollouts for people. Nothing of it decides. */
export class ConductorBooks {
  readonly #parts: BookParts;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  /** To be stored with the change, so that the one is not there without the other. */
  newsOf(before: Rollout, { next, event, nowMs }: { next: Rollout; event: RolloutEvent; nowMs: number }): RolloutNews {
    const isDecided = isStaged(before) && hasMoved(before, next);
    return {
      atMs: nowMs,
      moments: momentsOf(before, next, event),
      sight: isDecided ? this.#parts.eyes.sightOf(before) : null,
    };
  }

  /** After the orders went out: a rollback waits for no bookkeeping. */
  writeDown({ before, next, look }: Change): void {
    const { looks, archive, sight, audit, log } = this.#parts;
    if (hasEnded(next)) looks.end(next);
    const isKept = isStaged(before) && before.phase === 'rolling-back' && archive.has(before);
    if (isStaged(before) && look !== undefined && hasMoved(before, next) && !isKept) {
      // What was decided is kept with all that it was decided by.
      archive.keep(before, look, sight.stableOf(before));
    }
    if (next.phase === before.phase) return;
    const details = { from: before.phase, to: next.phase, ...(next.reason !== null && { reason: next.reason.text }) };
    audit.record({ actor: 'server', action: 'rollout.phase', subject: rolloutId(next), details });
    log.info({ rollout: rolloutId(next), ...details }, 'A rollout entered a phase');
  }
}

function hasMoved(before: Rollout, next: Rollout): boolean {
  return next.phase !== before.phase || next.course?.step !== before.course?.step;
}
