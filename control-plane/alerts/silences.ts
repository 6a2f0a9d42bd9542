import type { Clock } from '@bellwether/shared/clock';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import { windowProblem } from '../rollouts/maintenance-window.js';
import { AlertError } from './alert-error.js';
import type { AlertStoreSql } from './alert-store-sql.js';
import type { Silence, SilenceRequest, SilenceView } from './silence.js';
import { silentTime } from './silence-times.js';

/** The longest that anything is silenced: what is never to be heard again is a rule that is switched off. */
const maxMs = 90 * 86_400_000;
/** A recurring one is looked at again once a year. */
const maxRecurringMs = 366 * 86_400_000;
const maxSilences = 500;

interface SilencesParts {
  readonly store: Pick<AlertStoreSql, 'silences' | 'insertSilence' | 'removeSilence'>;
  readonly clock: Clock;
  readonly audit: AuditTrail;
  /** What is heard may be another now. */
  readonly changed: () => void;
}

/** What nobody wants to hear of, in memory; the database is written first, and the audit log before that [T-14]. */
export class Silences {
  readonly #parts: SilencesParts;
  #all: readonly Silence[] = [];

  constructor(parts: SilencesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#all = this.#parts.store.silences(this.#now());
  }

  /** Those that last or will come, the newest first. */
  all(): readonly Silence[] {
    const nowMs = this.#now();
    if (this.#all.some(({ untilMs }) => untilMs <= nowMs)) this.#all = this.#all.filter((each) => each.untilMs > nowMs);
    return this.#all;
  }

  /** The same as they are shown. */
  views(): SilenceView[] {
    return this.all().map((silence) => this.view(silence));
  }

  view(silence: Silence): SilenceView {
    return { ...silence, next: silentTime(silence, this.#now()) };
  }

  /** Throws AlertError `silence-impossible`. */
  create({ rules = [], labels = {}, fromMs, untilMs, every, why }: SilenceRequest, by: Actor): Silence {
    const { store, audit, changed } = this.#parts;
    const nowMs = this.#now();
    const begin = fromMs ?? nowMs;
    if (untilMs <= Math.max(nowMs, begin))
      throw new AlertError('silence-impossible', 'a silence ends after it begins, and after now');
    const most = every === undefined ? maxMs : maxRecurringMs;
    if (untilMs - nowMs > most)
      throw new AlertError('silence-impossible', `such a silence ends within ${most / 86_400_000} days from now`);
    const problem = every === undefined ? undefined : windowProblem(every, Math.max(nowMs, begin), 'silence');
    if (problem !== undefined) throw new AlertError('silence-impossible', problem);
    if (this.all().length >= maxSilences)
      throw new AlertError('silence-impossible', `there are ${maxSilences} silences already`);
    const silence = { rules, labels, fromMs: begin, untilMs, ...(every !== undefined && { every }), by, why };
    const times = { fromMs: begin, untilMs, ...(every !== undefined && { every: JSON.stringify(every) }) };
    const details = { rules: rules.join(), labels: JSON.stringify(labels), ...times, why };
    audit.record({ actor: by, action: 'alert.silence', subject: 'alerts', details });
    const stored = store.insertSilence(silence);
    this.#all = [stored, ...this.#all];
    changed();
    return stored;
  }

  /** Throws AlertError `silence-unknown`. */
  end(id: string, by: Actor): void {
    const { store, audit, changed } = this.#parts;
    if (!this.all().some((each) => each.id === id))
      throw new AlertError('silence-unknown', `there is no silence ${id}`);
    audit.record({ actor: by, action: 'alert.unsilence', subject: id });
    store.removeSilence(id);
    this.#all = this.#all.filter((each) => each.id !== id);
    changed();
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}
