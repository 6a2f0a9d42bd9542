import type { Clock } from '@bellwether/shared/clock';
import type { Alert } from '@bellwether/shared/contract/alert';
import type { Labels } from '@bellwether/shared/contract/http-api';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import { AlertError } from './alert-error.js';
import { type AlertRecord, alertId } from './alert-record.js';
import type { AlertRules } from './alert-rule.js';
import type { AlertStoreSql } from './alert-store-sql.js';
import { type AlertEvent, type AlertNews, transition } from './alert-transition.js';
import { alertView } from './alert-view.js';
import { wordsOf } from './alert-words.js';
import type { Causes } from './causes.js';
import { type Condition, type Conditions, conditionKey, evaluate } from './condition.js';
import { alertKey, type ReadingSource } from './reading.js';
import { ResolvedAlerts } from './resolved-alerts.js';
import { Silences } from './silences.js';
import { groupsOf } from './trouble.js';

/** So often is looked at everything. */
const lookEveryMs = 2000;
/** So often what is long over is deleted, at most so many at a time. */
const trimEveryMs = 3_600_000;
const trimRows = 1000;
/** Resolved ones that are shown. */
const maxResolved = 200;

/** One alert that somebody should hear of. Silenced ones are not among them. */
export interface ToldAlert {
  readonly news: AlertNews;
  readonly alert: Alert;
  /** All of its devices; the alert names some of them. */
  readonly devices: readonly string[];
}

export interface AlertsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: AlertStoreSql;
  readonly rules: AlertRules;
  readonly sources: readonly ReadingSource[];
  readonly audit: AuditTrail;
  readonly causes: Pick<Causes, 'of' | 'keep' | 'resume'>;
  /** Of the devices that are in; undefined of any other. */
  readonly labelsOf: (device: string) => Labels | undefined;
  readonly fleetSize: () => number;
  /** How long resolved ones are kept. */
  readonly keptMs: number;
  /** Called within the transaction that stores them: what it writes to the database is there when they are. */
  readonly storeNews?: (told: readonly ToldAlert[]) => void;
  /** Something about this alert is another, silenced or not. Called after it is stored. */
  readonly changed: (id: string) => void;
}

/** The alerts, in memory; the database is the truth and is written first. */
export class Alerts {
  readonly #parts: AlertsParts;
  readonly silences: Silences;
  /** By alertKey(): those that are not resolved. */
  readonly #active = new Map<string, AlertRecord>();
  readonly #resolved = new ResolvedAlerts(maxResolved);
  #conditions: Conditions = new Map<string, Condition>();
  #trimmedAtMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
    this.silences = new Silences({ ...parts, changed: () => this.look() });
  }

  /** Takes up where the last run ended: what was wrong is, until it is seen that it is not. */
  start(): void {
    const { store, clock, sources, causes } = this.#parts;
    this.silences.start();
    const conditions = new Map<string, Condition>();
    const recent = store.recent(maxResolved);
    this.#resolved.add(recent);
    for (const alert of recent) {
      if (alert.state === 'resolved') continue;
      const key = alertKey(alert.rule, alert.subject);
      this.#active.set(key, alert);
      causes.resume(key, alert.members, alert.attribution);
      for (const condition of conditionsOf(alert)) {
        conditions.set(conditionKey(condition), condition);
        for (const source of sources) source.resume?.(condition);
      }
    }
    this.#conditions = conditions;
    const pass = (): void => {
      this.look();
      this.#trim();
      this.#cancel = clock.after(lookEveryMs, pass);
    };
    this.#cancel = clock.after(lookEveryMs, pass);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Looks at everything now. What cannot be stored is looked at again. */
  look(): void {
    const { clock, sources, rules, log, labelsOf } = this.#parts;
    const nowMs = Math.floor(clock.now().wallMs);
    try {
      const readings = sources.flatMap((source) => [...source.readings(nowMs)]);
      this.#conditions = evaluate(this.#conditions, { readings, rules, nowMs });
      this.#follow(groupsOf(this.#conditions, { silences: this.silences.all(), labelsOf, nowMs }), nowMs);
    } catch (cause) {
      log.error({ err: cause, code: codeOf(cause) }, 'Alerts could not be looked at; the next look tries again');
    }
  }

  /** Those that are not resolved, and the newest that are; the newest first. */
  views(): Alert[] {
    return byNumber([...this.active(), ...this.#resolved.views('all')]);
  }

  /** Those that are not resolved, the newest first. */
  active(): Alert[] {
    return [...this.#active.values()].toSorted((a, b) => (b.number ?? 0) - (a.number ?? 0)).map(alertView);
  }

  /** What somebody was told of: those that are not resolved, and the newest that are; or the one of this id. */
  told(id?: string): Alert[] {
    const alerts = id === undefined ? [...this.#active.values()] : [this.#find(id)];
    const told = alerts.filter(({ isTold }) => isTold).map(alertView);
    return byNumber(id === undefined ? [...told, ...this.#resolved.views('told')] : told);
  }

  /** As it is now; undefined: it is no longer kept. */
  find(id: string): Alert | undefined {
    const alert = this.#known(id);
    return alert === undefined ? undefined : alertView(alert);
  }

  /** Throws AlertError `alert-unknown`. */
  view(id: string): Alert {
    return alertView(this.#find(id));
  }

  /** Somebody takes note of it; throws AlertError `alert-unknown` or `alert-resolved`. Twice is once. */
  acknowledge(id: string, { by, why }: { readonly by: Actor; readonly why: string | null }): Alert {
    const { clock, audit } = this.#parts;
    const alert = this.#find(id);
    if (alert.state === 'resolved')
      throw new AlertError('alert-resolved', `${id} is resolved: nothing is left to take note of`);
    const nowMs = Math.floor(clock.now().wallMs);
    if (alert.state === 'open') {
      audit.record({ actor: by, action: 'alert.acknowledge', subject: id, details: { rule: alert.rule, why } });
      this.#keep([this.#step(alert, { kind: 'acknowledged', by }, nowMs)]);
    }
    return this.view(id);
  }

  #trim(): void {
    const { clock, store, keptMs, log } = this.#parts;
    const { monotonicMs, wallMs } = clock.now();
    if (monotonicMs - this.#trimmedAtMs < trimEveryMs) return;
    this.#trimmedAtMs = monotonicMs;
    try {
      store.trim(Math.floor(wallMs) - keptMs, trimRows);
      this.#resolved.trim(Math.floor(wallMs) - keptMs);
    } catch (cause) {
      log.warn({ err: cause, code: codeOf(cause) }, 'Old alerts could not be deleted');
    }
  }

  #follow(groups: ReturnType<typeof groupsOf>, nowMs: number): void {
    const { rules, causes } = this.#parts;
    const fleetSize = this.#parts.fleetSize();
    const steps: Step[] = [];
    for (const [key, group] of groups) {
      const attribution = causes.of(key, group, { wrong: this.#conditions, nowMs });
      const words = wordsOf(group, { rules, fleetSize, attribution });
      steps.push(this.#step(this.#active.get(key), { kind: 'troubled', trouble: { ...group, words } }, nowMs));
    }
    for (const [key, alert] of this.#active) {
      if (!groups.has(key)) steps.push(this.#step(alert, { kind: 'calm' }, nowMs));
    }
    causes.keep(groups);
    this.#keep(steps);
  }

  #step(alert: AlertRecord | undefined, event: AlertEvent, nowMs: number): Step {
    return { before: alert, ...transition(alert, event, nowMs) };
  }

  /** Stored first, then told. */
  #keep(steps: readonly Step[]): void {
    const { store, storeNews, changed, log } = this.#parts;
    const news = steps.flatMap((step) => (step.next === undefined || step.news === null ? [] : [step]));
    if (news.length === 0) return;
    const next = news.flatMap((step) => step.next ?? []);
    const saved = store.save(next, (all) => {
      const told = all.flatMap((alert, i) => {
        const what = news[i]?.news;
        return what === undefined || what === null || !isHeard(alert, what)
          ? []
          : [{ news: what, alert: alertView(alert), devices: alert.members.flatMap(({ device }) => device ?? []) }];
      });
      if (told.length > 0) storeNews?.(told);
    });
    this.#resolved.add(saved);
    for (const [i, alert] of saved.entries()) {
      const key = alertKey(alert.rule, alert.subject);
      if (alert.state === 'resolved') this.#active.delete(key);
      else this.#active.set(key, alert);
      const { rule, state, sentence } = alert;
      const what = news[i]?.news;
      if (what !== 'changed') log.info({ alert: alertId(alert), rule, state, what, sentence }, 'An alert has changed');
      changed(alertId(alert));
    }
  }

  #known(id: string): AlertRecord | undefined {
    const number = Number(/^a([1-9][0-9]{0,14})$/.exec(id)?.[1]);
    const active = [...this.#active.values()].find((each) => each.number === number);
    return active ?? (Number.isNaN(number) ? undefined : this.#parts.store.find(number));
  }

  #find(id: string): AlertRecord {
    const alert = this.#known(id);
    if (alert === undefined) throw new AlertError('alert-unknown', `no alert is called ${id}`);
    return alert;
  }
}

/** The newest first. */
function byNumber(alerts: readonly Alert[]): Alert[] {
  return alerts.toSorted((a, b) => Number(b.id.slice(1)) - Number(a.id.slice(1)));
}

interface Step {
  readonly before: AlertRecord | undefined;
  readonly next: AlertRecord | undefined;
  readonly news: AlertNews | null;
}

/** The end of what was told is told as well, silence or not. */
function isHeard({ isSilenced, isTold }: AlertRecord, news: AlertNews): boolean {
  return news === 'resolved' ? isTold : !isSilenced;
}

/** What an alert of the last run says was wrong. */
function conditionsOf({ rule, subject, members, openedAtMs }: AlertRecord): readonly Condition[] {
  return members.map((member) => {
    return { ...member, rule, subject, phase: 'on', seenAtMs: openedAtMs, calmSinceMs: null };
  });
}
