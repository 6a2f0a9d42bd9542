import type { AlertRule, AlertSeverity, Attribution } from '@bellwether/shared/contract/alert';
import { durationText } from '@bellwether/shared/contract/alert-numbers';
import type { AlertWords } from './alert-record.js';
import { type AlertRules, type RuleSetting, ruleFacts } from './alert-rule.js';
import type { Group } from './trouble.js';

/** So many devices, and this part of the fleet, make a warning critical. */
const criticalDevices = 5;
const criticalPart = 0.2;
/** Devices that a sentence names. */
const namedDevices = 3;
const maxSentence = 1000;

interface WordParts {
  readonly rules: AlertRules;
  /** Devices that are in. */
  readonly fleetSize: number;
  readonly attribution: Attribution | null;
}

/** What is told of a trouble: how bad it is, in one sentence, and in numbers. */
export function wordsOf(group: Group, { rules, fleetSize, attribution }: WordParts): AlertWords {
  const { rule, conditions } = group;
  const setting = rules[rule];
  const devices = conditions.filter(({ device }) => device !== null).length;
  // What is found over all devices together makes no device bad by itself.
  const alone = conditions.filter(({ device, isOfAll }) => device !== null && isOfAll !== true).length;
  const worst = worstOf(group);
  const said = sentences[rule]({ ...saidOf(group), setting, worst, fleetSize });
  const numbers = { devices, fleetDevices: fleetSize, ...(worst !== null && { [ruleFacts[rule].number]: worst }) };
  const forecast = conditions.flatMap((each) => each.forecast ?? []).toSorted((a, b) => a.atMs - b.atMs)[0] ?? null;
  // That nobody knows is said where the cause is asked for; and what a source knows, it has said.
  const isSaid = conditions.some((each) => each.attribution !== undefined);
  const isKnown = attribution !== null && attribution.cause !== 'undetermined' && !isSaid;
  const cause = isKnown ? ` ${attribution.sentence}` : '';
  return {
    severity: severityOf(setting.severity, alone, fleetSize),
    sentence: cut(`${said}${cause}`),
    numbers,
    attribution,
    forecast,
  };
}

function severityOf(severity: AlertSeverity, devices: number, fleetSize: number): AlertSeverity {
  const isWide = devices >= criticalDevices && devices >= criticalPart * fleetSize;
  return severity === 'warning' && isWide ? 'critical' : severity;
}

function worstOf({ rule, conditions }: Group): number | null {
  const values = conditions.flatMap(({ value }) => value ?? []);
  if (values.length === 0) return null;
  return values.reduce((a, b) => (ruleFacts[rule].isHighBad ? Math.max(a, b) : Math.min(a, b)));
}

interface Said {
  /** `3 of 40 devices` or `pi-1-…`. */
  readonly who: string;
  /** `: pi-1-…, pi-2-… and 7 more`; empty where `who` names it. */
  readonly names: string;
  /** `digits@1.1.0`; empty where the subject names none. */
  readonly release: string;
  /** `site=north`; null where it is not of a label's devices alone. */
  readonly label: string | null;
  /** What the readings say beyond their numbers, each once. */
  readonly plain: string;
  /** The same in parentheses. */
  readonly details: string;
  readonly isOne: boolean;
  /** It is found over these devices together. */
  readonly isOfAll: boolean;
  readonly setting: RuleSetting;
  readonly worst: number | null;
  readonly fleetSize: number;
}

const sentences: Readonly<Record<AlertRule, (said: Said) => string>> = {
  'device-silent': ({ who, names, isOne, setting }) =>
    `${who} ${isOne ? 'has' : 'have'} said nothing for ${durationText(setting.raise)} or longer${names}.`,
  'release-refused': ({ who, names, release, details }) =>
    `${release === '' ? 'An order' : release} is refused by ${who}${details}${names}.`,
  'rollout-failed': ({ release, plain }) => `The rollout of ${release} ${plain}.`,
  'crash-loop': ({ who, names, release, isOne, worst }) =>
    `${release === '' ? 'The agent' : `The runner of ${release}`} dies again and again on ${who}, ${isOne ? '' : 'up to '}${text(worst)} times in 15 minutes${names}.`,
  'error-rate': ({ who, names, release, isOne, setting, worst, details }) =>
    `${release} fails on ${who}: ${isOne ? '' : 'up to '}${text(worst)} % of the calls in 5 minutes, ${text(setting.raise)} % is the limit${details}${names}.`,
  'latency-budget': ({ who, names, release, isOne, worst, details }) =>
    `${release} is slower than its p99 budget on ${who}: ${isOne ? '' : 'up to '}${text(worst)} % of the calls in 5 minutes took longer${details}${names}.`,
  drift: ({ names, release, details, ...said }) =>
    `What ${release} sees has drifted away from its reference${on(said)}${details}${names}.`,
  'accuracy-estimate': ({ names, release, details, ...said }) =>
    `The accuracy of ${release}, estimated from its confidence, has fallen${on(said)}${details}${names}.`,
  'disk-trend': ({ who, names, details, worst }) => trend('The disk', { who, names, details, worst }),
  'memory-trend': ({ who, names, details, worst }) => trend('The memory', { who, names, details, worst }),
  'temperature-trend': ({ who, names, details, worst }) => trend('The temperature', { who, names, details, worst }),
  'telemetry-lost': ({ who, names, isOne, worst }) =>
    `${who} dropped telemetry in the last hour, ${isOne ? '' : 'up to '}${text(worst)} windows and events${names}.`,
  'clock-skew': ({ who, names, isOne, worst }) =>
    `The clock of ${who} is off by ${isOne ? '' : 'up to '}${durationText(worst ?? 0)}${names}.`,
  'certificate-expiry': ({ worst }) =>
    `The server's certificate expires in ${text(worst)} days; devices and people cannot connect then.`,
  'metadata-expiry': ({ worst, details }) =>
    `Metadata expires in ${text(worst)} days${details}; bellwether keys renew signs it again.`,
  clone: ({ who }) => `${who} has a twin: two machines hold its key, or one was set back.`,
};

function trend(
  what: string,
  { who, names, details, worst }: Pick<Said, 'who' | 'names' | 'details' | 'worst'>,
): string {
  return `${what} of ${who} will be at its limit in ${durationText((worst ?? 0) * 60)} if it goes on like this${details}${names}.`;
}

function saidOf({
  subject,
  conditions,
}: Group): Pick<Said, 'who' | 'names' | 'release' | 'label' | 'plain' | 'details' | 'isOne' | 'isOfAll'> {
  const devices = conditions.flatMap(({ device }) => device ?? []);
  const [first = 'the fleet'] = devices;
  const isOne = devices.length <= 1;
  const more = devices.length - namedDevices;
  const list = `: ${devices.slice(0, namedDevices).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const details = new Set(conditions.flatMap(({ detail }) => detail ?? []));
  const plain = [...details].slice(0, namedDevices).join('; ');
  return {
    who: isOne ? first : `${devices.length} devices`,
    names: isOne ? '' : list,
    release:
      subject.model === undefined
        ? ''
        : `${subject.model}${subject.version === undefined ? '' : `@${subject.version}`}`,
    label: subject.label ?? null,
    plain,
    details: plain === '' ? '' : ` (${plain})`,
    isOne,
    isOfAll: conditions.every(({ device, isOfAll }) => device === null || isOfAll === true),
  };
}

function on({ who, label, isOfAll, isOne }: Pick<Said, 'who' | 'label' | 'isOfAll' | 'isOne'>): string {
  const withLabel = label === null ? '' : ` with ${label}`;
  if (who === 'the fleet') return label === null ? '' : ` on devices${withLabel}`;
  return isOfAll && !isOne ? ` over ${who}${withLabel} together` : ` on ${who}${withLabel}`;
}

function text(value: number | null): string {
  return value === null ? 'some' : String(Number(value.toPrecision(3)));
}

function cut(said: string): string {
  return said.length <= maxSentence ? said : `${said.slice(0, maxSentence - 1)}…`;
}
