import type { AlertRule, AlertSubject, Attribution, Forecast } from '@bellwether/shared/contract/alert';

/** What one rule's number is for one subject and device now. What a source does not name is calm. */
export interface Reading {
  readonly rule: AlertRule;
  readonly subject: AlertSubject;
  /** Null: it is about no device. */
  readonly device: string | null;
  /** In the rule's own unit; null: it cannot be told now, and what was stays. */
  readonly value: number | null;
  /** Since when, where that is known better than by when it was seen first; wall milliseconds. */
  readonly sinceMs?: number;
  /** What the number does not say: `blob-digest`. */
  readonly detail?: string;
  /** It is found over all devices of its subject together, not on this one by itself. */
  readonly isOfAll?: true;
  readonly forecast?: Forecast;
  /** Where whoever says it knows the cause. */
  readonly attribution?: Attribution;
}

/** Whoever has something to say about the fleet. Asked every few seconds: what is calm may be left out. */
export interface ReadingSource {
  readings(nowMs: number): Iterable<Reading>;
  /** Told before the first readings of everything that was wrong when the last run ended: until it is known again it says null of it. */
  resume?(was: Pick<Reading, 'rule' | 'device'> & { readonly sinceMs: number }): void;
}

/** One text per rule and subject: of those one alert is open at a time. */
export function alertKey(rule: string, { device, model, version, rollout, label }: AlertSubject): string {
  return [rule, device, model, version, rollout, label].map((part) => part ?? '').join(' ');
}
