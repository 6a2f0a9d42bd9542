import type { AlertRule, AlertSubject } from '@bellwether/shared/contract/alert';
import type { AlertMember, AlertRecord, AlertWords } from './alert-record.js';

/** What is wrong at one look, of one rule and subject. */
export interface Trouble {
  readonly rule: AlertRule;
  readonly subject: AlertSubject;
  readonly members: readonly AlertMember[];
  /** Everything about it is covered by a silence. */
  readonly isSilenced: boolean;
  readonly words: AlertWords;
}

/** What happens to an alert. */
export type AlertEvent =
  | { readonly kind: 'troubled'; readonly trouble: Trouble }
  | { readonly kind: 'calm' }
  | { readonly kind: 'acknowledged'; readonly by: string };

/** What is to be said after `next` is stored. Of what is silenced nothing is said, but for those who look themselves. */
export type AlertNews = 'opened' | 'reopened' | 'acknowledged' | 'changed' | 'resolved';

export interface AlertTransition {
  readonly next: AlertRecord | undefined;
  readonly news: AlertNews | null;
}

/** Other numbers of the same devices are told so often. */
const numbersEveryMs = 60_000;

/**
 * The alert after an event at a wall time:
 *
 * | from         | troubled                                       | calm     | acknowledged |
 * |--------------|------------------------------------------------|----------|--------------|
 * | none         | open                                           | none     | none         |
 * | open         | open                                           | resolved | acknowledged |
 * | acknowledged | acknowledged; open when far more than was seen | resolved | acknowledged |
 * | resolved     | another alert: open                            | resolved | resolved     |
 */
export function transition(alert: AlertRecord | undefined, event: AlertEvent, nowMs: number): AlertTransition {
  if (event.kind === 'troubled') {
    const isOver = alert === undefined || alert.state === 'resolved';
    return isOver ? opened(event.trouble, nowMs) : troubled(alert, event.trouble, nowMs);
  }
  if (alert === undefined || alert.state === 'resolved') return { next: alert, news: null };
  if (event.kind === 'calm') return resolved(alert, nowMs);
  if (alert.state === 'acknowledged') return { next: alert, news: null };
  const acknowledged = alert.members.flatMap(({ device }) => device ?? []);
  const next = { ...alert, state: 'acknowledged', acknowledgedBy: event.by, acknowledged, changedAtMs: nowMs } as const;
  return { next, news: 'acknowledged' };
}

function opened({ rule, subject, members, isSilenced, words }: Trouble, nowMs: number): AlertTransition {
  const next: AlertRecord = {
    ...words,
    number: undefined,
    rule,
    subject,
    state: 'open',
    members,
    openedAtMs: nowMs,
    changedAtMs: nowMs,
    acknowledgedBy: null,
    acknowledged: [],
    resolvedAtMs: null,
    isSilenced,
    isTold: !isSilenced,
  };
  return { next, news: 'opened' };
}

function troubled(alert: AlertRecord, { members, isSilenced, words }: Trouble, nowMs: number): AlertTransition {
  const next = { ...alert, ...words, members, isSilenced, isTold: alert.isTold || !isSilenced, changedAtMs: nowMs };
  if (alert.state === 'acknowledged' && hasGrown(alert, { members, words })) {
    const reopened = { ...next, state: 'open', acknowledgedBy: null, acknowledged: [] } as const;
    return { next: reopened, news: 'reopened' };
  }
  // The end of a silence is the first that anybody hears of it.
  if (!alert.isTold && !isSilenced) return { next, news: 'opened' };
  if (isOther(alert, next)) return { next, news: 'changed' };
  const isOld = nowMs - alert.changedAtMs >= numbersEveryMs && alert.sentence !== words.sentence;
  return isOld ? { next, news: 'changed' } : { next: alert, news: null };
}

function resolved(alert: AlertRecord, nowMs: number): AlertTransition {
  return { next: { ...alert, state: 'resolved', resolvedAtMs: nowMs, changedAtMs: nowMs }, news: 'resolved' };
}

/**
 * It is worse than what somebody took note of: another severity, or half as many devices again that were not in it. A device
 * that is named since the trouble is found over all together makes nothing worse: a rollout goes on, or one that was bad by itself is well.
 */
function hasGrown(alert: AlertRecord, { members, words }: Pick<Trouble, 'members' | 'words'>): boolean {
  if (words.severity === 'critical' && alert.severity !== 'critical') return true;
  const seen = new Set(alert.acknowledged);
  const others = members.filter(
    ({ device, isOfAll }) => device !== null && isOfAll !== true && !seen.has(device),
  ).length;
  return others >= Math.max(1, Math.ceil(seen.size / 2));
}

/** Other devices, another severity, another reason: worth telling at once. */
function isOther(before: AlertRecord, after: AlertRecord): boolean {
  return (
    before.severity !== after.severity ||
    before.isSilenced !== after.isSilenced ||
    before.attribution?.cause !== after.attribution?.cause ||
    before.members.length !== after.members.length ||
    before.members.some(({ device, detail }, i) => {
      const other = after.members[i];
      return device !== other?.device || detail !== other.detail;
    })
  );
}
