import { type AlertRule, AlertSeverity, alertRules } from '@bellwether/shared/contract/alert';
import { type Static, Type } from '@bellwether/shared/schema';

const seconds = Type.Integer({ minimum: 0, maximum: 604_800 });

/**
 * How one rule is held: it begins when its number has been at `raise` or beyond for `forSeconds`, and ends when it has
 * been on the other side of `clear` for `clearSeconds`. What the number is, and which side is the bad one, is in `ruleFacts`.
 */
export const RuleSetting = Type.Object(
  {
    isEnabled: Type.Boolean(),
    severity: AlertSeverity,
    raise: Type.Number(),
    clear: Type.Number(),
    forSeconds: seconds,
    clearSeconds: seconds,
    /** Of a trend: what the gauge is to stay below, in percent or °C. */
    limit: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  { additionalProperties: false },
);
export type RuleSetting = Static<typeof RuleSetting>;

/** How every rule is held. */
export type AlertRules = Readonly<Record<AlertRule, RuleSetting>>;

/** What a rule's number is. `isHighBad`: it is raised from `raise` upwards, else downwards. `number`: its name in an alert, with the unit. */
export interface RuleFacts {
  readonly about: string;
  readonly number: string;
  readonly isHighBad: boolean;
}

const high = true;
const low = false;

/** Rules whose number is 1 while something says so, and which have no threshold of their own. */
const said = (about: string, number: string): RuleFacts => ({ about, number, isHighBad: high });

export const ruleFacts: Readonly<Record<AlertRule, RuleFacts>> = {
  'device-silent': {
    about: 'seconds since a device’s last message, and at least four of its windows',
    number: 'silentSeconds',
    isHighBad: high,
  },
  'release-refused': said('a device refused a release or an order, or has tried for ten minutes', 'refusals'),
  'rollout-failed': said('a rollout was taken back, or is held, for a day after it', 'failures'),
  'crash-loop': {
    about: 'deaths of runners, and starts of the agent beyond the first, in 15 minutes',
    number: 'deathsIn15Minutes',
    isHighBad: high,
  },
  'error-rate': {
    about: 'percent of a device’s calls in 5 minutes that failed or were answered with no number, of at least 50 calls',
    number: 'errorPct',
    isHighBad: high,
  },
  'latency-budget': {
    about: 'percent of a device’s calls in 5 minutes that took longer than the release’s p99 budget, of at least 100',
    number: 'overBudgetPct',
    isHighBad: high,
  },
  drift: {
    about: 'watched values of a release that are distributed otherwise than its reference',
    number: 'driftedValues',
    isHighBad: high,
  },
  'accuracy-estimate': said('a release’s accuracy, estimated from its confidence, has fallen', 'falls'),
  'disk-trend': { about: 'minutes until a disk is at its limit', number: 'minutesToLimit', isHighBad: low },
  'memory-trend': { about: 'minutes until memory is at its limit', number: 'minutesToLimit', isHighBad: low },
  'temperature-trend': { about: 'minutes until a device is at its limit', number: 'minutesToLimit', isHighBad: low },
  'telemetry-lost': {
    about: 'windows and events that a device dropped in the last hour',
    number: 'lostInAnHour',
    isHighBad: high,
  },
  'clock-skew': {
    about: 'seconds that a device’s clock is off, by what came the fastest in 20 minutes',
    number: 'skewSeconds',
    isHighBad: high,
  },
  'certificate-expiry': { about: 'days until the server’s certificate expires', number: 'daysLeft', isHighBad: low },
  'metadata-expiry': {
    about: 'days until metadata expires of whose life a third or less is left',
    number: 'daysLeft',
    isHighBad: low,
  },
  clone: { about: 'hours since two machines used one key', number: 'hoursAgo', isHighBad: low },
};

const whenSaid = { isEnabled: true, raise: 1, clear: 1, forSeconds: 0, clearSeconds: 60 } as const;

/** What holds where nobody says otherwise. */
export const defaultRules: AlertRules = {
  'device-silent': { ...whenSaid, severity: 'warning', raise: 300, clear: 300 },
  'release-refused': { ...whenSaid, severity: 'warning' },
  'rollout-failed': { ...whenSaid, severity: 'critical', clearSeconds: 0 },
  'crash-loop': { ...whenSaid, severity: 'critical', raise: 3, clear: 1, clearSeconds: 300 },
  'error-rate': { ...whenSaid, severity: 'warning', raise: 1, clear: 0.5, forSeconds: 30, clearSeconds: 300 },
  'latency-budget': { ...whenSaid, severity: 'warning', raise: 1, clear: 0.5, forSeconds: 120, clearSeconds: 300 },
  drift: { ...whenSaid, severity: 'warning', clearSeconds: 600 },
  'accuracy-estimate': { ...whenSaid, severity: 'warning', clearSeconds: 600 },
  'disk-trend': { ...whenSaid, severity: 'warning', raise: 4320, clear: 4320, limit: 90 },
  'memory-trend': { ...whenSaid, severity: 'warning', raise: 360, clear: 360, limit: 95 },
  'temperature-trend': { ...whenSaid, severity: 'warning', raise: 360, clear: 360, limit: 80 },
  'telemetry-lost': { ...whenSaid, severity: 'warning' },
  'clock-skew': { ...whenSaid, severity: 'warning', raise: 60, clear: 30, forSeconds: 300, clearSeconds: 300 },
  'certificate-expiry': { ...whenSaid, severity: 'warning', raise: 21, clear: 30 },
  'metadata-expiry': { ...whenSaid, severity: 'warning', raise: 90, clear: 91 },
  clone: { ...whenSaid, severity: 'critical', raise: 24, clear: 24 },
};

/** `--alert-rules`: what is to hold otherwise than by default, rule by rule. */
export const RuleFile = Type.Object(
  {
    version: Type.Literal(1),
    rules: Type.Object(
      Object.fromEntries(
        alertRules.map((rule) => [rule, Type.Optional(Type.Partial(RuleSetting, { additionalProperties: false }))]),
      ),
      {
        additionalProperties: false,
      },
    ),
  },
  { additionalProperties: false },
);

/** The defaults, but for what is said; throws Error for a rule that would begin and end at once. */
export function rulesWith(said: { readonly [Rule in string]?: Partial<RuleSetting> | undefined }): AlertRules {
  const told = new Map(Object.entries(said));
  const rules: Record<AlertRule, RuleSetting> = { ...defaultRules };
  for (const rule of alertRules) {
    const setting = { ...defaultRules[rule], ...told.get(rule) };
    const { raise, clear, limit } = setting;
    if (limit !== undefined && defaultRules[rule].limit === undefined) throw new Error(`${rule} has no limit`);
    if (ruleFacts[rule].isHighBad ? clear > raise : clear < raise) {
      throw new Error(`${rule} is raised at ${raise} and cleared at ${clear}: between them it would be both`);
    }
    rules[rule] = setting;
  }
  return rules;
}
