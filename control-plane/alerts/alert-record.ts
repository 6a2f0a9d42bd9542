import type { AlertRule, AlertSeverity, AlertSubject, Attribution, Forecast } from '@bellwether/shared/contract/alert';

/** One device of an alert, or null: it is about none. Times are wall milliseconds. */
export interface AlertMember {
  readonly device: string | null;
  readonly sinceMs: number;
  readonly value: number | null;
  readonly detail?: string;
  /** It is found over all devices together, not on this one by itself. */
  readonly isOfAll?: true;
}

/** What is told of a trouble. */
export interface AlertWords {
  readonly severity: AlertSeverity;
  readonly sentence: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly attribution: Attribution | null;
  readonly forecast: Forecast | null;
}

/** One alert as it is kept. Without a number it is not stored yet. */
export interface AlertRecord extends AlertWords {
  readonly number: number | undefined;
  readonly rule: AlertRule;
  readonly subject: AlertSubject;
  readonly state: 'open' | 'acknowledged' | 'resolved';
  /** In trouble now; of a resolved one, at last. The longest in trouble first. */
  readonly members: readonly AlertMember[];
  readonly openedAtMs: number;
  readonly changedAtMs: number;
  readonly acknowledgedBy: string | null;
  /** Devices that the acknowledgement was about. */
  readonly acknowledged: readonly string[];
  readonly resolvedAtMs: number | null;
  readonly isSilenced: boolean;
  /** Whether anybody was told of it. */
  readonly isTold: boolean;
}

/** `a12`. */
export function alertId({ number }: Pick<AlertRecord, 'number'>): string {
  return `a${number ?? 0}`;
}
