import { AlertRule, AlertSeverity, alertRules } from '@bellwether/shared/contract/alert';
import { Labels } from '@bellwether/shared/contract/http-api';
import { type Static, Type } from '@bellwether/shared/schema';
import type { ToldAlert } from '../alerts/alerts.js';

/** Which alerts a webhook is told of. */
export const WebhookFilter = Type.Object(
  {
    /** This severity and worse. */
    severity: AlertSeverity,
    /** None: all. */
    rules: Type.Array(AlertRule, { maxItems: alertRules.length, uniqueItems: true }),
    /** Of alerts of a device with all these labels; none: of all. */
    labels: Labels,
    /** Other numbers and devices of what it was told already, at most once a minute. */
    changes: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type WebhookFilter = Static<typeof WebhookFilter>;

/** The types of messages, as the receiver reads them. */
export type WebhookNews =
  | 'alert.opened'
  | 'alert.reopened'
  | 'alert.acknowledged'
  | 'alert.changed'
  | 'alert.resolved'
  | 'webhook.test';

const severities = ['info', 'warning', 'critical'];

interface Told {
  readonly filter: WebhookFilter;
  /** How bad the alert was when this webhook was last told of it; undefined: it never was. */
  readonly before: AlertSeverity | undefined;
  /** Of a device that nobody knows: undefined. */
  readonly labelsOf: (device: string) => Labels | undefined;
}

/**
 * What a webhook is told of an alert's news; undefined: nothing. What comes to fit its filter later, as a warning that gets
 * critical, is opened for it; what gets worse is told in any case; and it hears the end of whatever it heard of.
 */
export function newsFor(told: ToldAlert, { filter, before, labelsOf }: Told): WebhookNews | undefined {
  const { news, alert } = told;
  if (before === undefined) {
    const isNew = news === 'opened' || news === 'reopened' || news === 'changed';
    return isNew && fits(told, filter, labelsOf) ? 'alert.opened' : undefined;
  }
  if (news !== 'changed') return `alert.${news}`;
  return filter.changes || rank(alert.severity) > rank(before) ? 'alert.changed' : undefined;
}

function fits({ alert, devices }: ToldAlert, filter: WebhookFilter, labelsOf: Told['labelsOf']): boolean {
  const { severity, rule, subject } = alert;
  if (rank(severity) < rank(filter.severity)) return false;
  if (filter.rules.length > 0 && !filter.rules.some((each) => each === rule)) return false;
  const wanted = Object.entries(filter.labels);
  const [only] = wanted;
  if (only === undefined) return true;
  if (wanted.length === 1 && subject.label === only.join('=')) return true;
  return devices.some((device) => {
    const labels = labelsOf(device);
    return wanted.every(([key, value]) => labels?.[key] === value);
  });
}

function rank(severity: AlertSeverity): number {
  return severities.indexOf(severity);
}
