import type { RolloutRequest } from '@bellwether/control-plane/http/rollout-api';
import { labelsOf, textOf } from './form-values.js';
import type { Refusal } from './server-api.js';

/** Fields of the form that a refusal can be about. */
export type RequestField = 'release' | 'to' | 'policy' | 'supersede';

/** What was filled in, as the server takes it; `policy`: the name of one, or one's own as it was read. */
export function requestOf(form: FormData, policy: NonNullable<RolloutRequest['policy']>): RolloutRequest {
  const to = textOf(form, 'to');
  return {
    release: textOf(form, 'release'),
    to: to === 'all' ? { all: true } : { labels: labelsOf(to) },
    policy,
    ...(form.has('supersede') && { supersede: true }),
  };
}

const fields: ReadonlyMap<string, RequestField> = new Map([
  ['release-malformed', 'release'],
  ['release-unknown', 'release'],
  ['release-not-approved', 'release'],
  ['release-withdrawn', 'release'],
  ['rollout-overlaps', 'supersede'],
  ['no-stable', 'policy'],
  ['policy', 'policy'],
  ['policy-unknown', 'policy'],
  ['policy-newer', 'policy'],
  ['policy-impossible', 'policy'],
]);

/** Which field a refusal is about; null: the whole of it. A body that does not fit its schema is refused with the path to what is wrong. */
export function fieldOf({ code, message }: Refusal): RequestField | null {
  if (code !== 'body-invalid') return fields.get(code) ?? null;
  const named = /\b(release|to|policy)\b/.exec(message)?.[1];
  return named === 'release' || named === 'to' || named === 'policy' ? named : null;
}

/** How many devices a target names; null: what was written names none and is no label. */
export function devicesOf(to: string, labels: readonly Readonly<Record<string, string>>[]): number {
  if (to.trim() === 'all') return labels.length;
  const asked = Object.entries(labelsOf(to));
  if (asked.length === 0) return 0;
  return labels.filter((each) => asked.every(([name, value]) => each[name] === value)).length;
}
