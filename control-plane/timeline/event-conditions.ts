import type { EventQuery } from './timeline-api.js';

/** A row of `events` as `TimelineEvent`. */
export const eventColumns = `id, time_ms as atMs, arrived_at_ms as arrivedAtMs, nullif(device, '') as device,
  case when source like 'server-%' then 'server' else source end as source,
  actor, kind, model, release, rollout, label, code, message`;

/** Parts of a `where` over `events`, and what their names stand for. */
export interface EventConditions {
  readonly conditions: readonly string[];
  readonly values: Readonly<Record<string, string | number>>;
}

/** What a question asks for. */
export function conditionsOf(query: EventQuery): EventConditions {
  const { device, model, release, rollout, kind, label, from, to, cursor, after } = query;
  const conditions: string[] = [];
  const values: Record<string, string | number> = {};
  const also = (condition: string, more: Readonly<Record<string, string | number>>): void => {
    conditions.push(condition);
    Object.assign(values, more);
  };
  if (device !== undefined) also('device = @device', { device });
  if (model !== undefined) also('model = @model', { model });
  if (release !== undefined) also('release = @release', { release });
  if (rollout !== undefined) also('rollout = @rollout', { rollout });
  if (kind !== undefined)
    also('kind in (select value from json_each(@kinds))', { kinds: JSON.stringify(kind.split(',')) });
  if (label !== undefined) {
    const [key = '', value = ''] = label.split('=');
    also(`(label = @label or device in (${devicesOfLabel}))`, { label, labelKey: key, labelValue: value });
  }
  if (from !== undefined) also('time_ms >= @from', { from });
  if (to !== undefined) also('time_ms < @to', { to });
  if (cursor !== undefined) {
    const [cursorMs = 0, cursorId = 0] = cursor.split('-').map(Number);
    also('(time_ms, id) < (@cursorMs, @cursorId)', { cursorMs, cursorId });
  }
  if (after !== undefined) also('id > @after', { after });
  return { conditions, values };
}

/** The ids of the devices that carry `@labelKey`=`@labelValue` now. */
export const devicesOfLabel = `select devices.id from devices, json_each(devices.labels) as each
  where each.key = @labelKey and each.value = @labelValue`;
