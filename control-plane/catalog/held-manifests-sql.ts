import type { Database } from 'better-sqlite3';

/**
 * Digests of the manifests that an order, a rollout on its way or a person's decision about a device names, withdrawn or
 * not. The database has each of them before it takes effect.
 */
export function heldManifests(db: Database): ReadonlySet<string> {
  const rows = db
    .prepare<[], string>(
      `select each.value from orders, json_tree(orders.models) as each where each.key = 'manifest'
       union select each.value from device_holds, json_tree(device_holds.body) as each where each.key = 'manifest'
       union select manifest from rollouts where phase not in ('done', 'rolled-back', 'aborted', 'superseded')
       union select rollout_members.body ->> 'base' from rollout_members join rollouts on rollout = number
         where phase not in ('done', 'rolled-back', 'aborted', 'superseded')`,
    )
    .pluck()
    .all();
  return new Set(rows);
}
