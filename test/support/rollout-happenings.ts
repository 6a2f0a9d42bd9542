import * as fc from 'fast-check';
import type { RolloutAction } from '@bellwether/control-plane/http/rollout-api';
import type { CanaryReport } from '@bellwether/shared/contract/report';
import type { ConductorWorld } from './conductor-world.js';
import type { OrderWatch } from './order-watch.js';

/** What may happen to a fleet and a rollout, each by its devices' places in the fleet. */
export type Happening =
  | { readonly kind: 'reports'; readonly device: number; readonly state: CanaryReport['state'] }
  | { readonly kind: 'all report' }
  | { readonly kind: 'calls'; readonly bad: boolean }
  | { readonly kind: 'decided'; readonly action: RolloutAction }
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'presence'; readonly device: number; readonly isOnline: boolean }
  | { readonly kind: 'joins' }
  | { readonly kind: 'leaves'; readonly device: number }
  | { readonly kind: 'kept apart'; readonly device: number }
  | { readonly kind: 'freed'; readonly device: number }
  /** Everybody who has a canary, at once. */
  | { readonly kind: 'canaries go' }
  | { readonly kind: 'canaries kept apart' }
  | { readonly kind: 'all freed' }
  | { readonly kind: 'killed' };

const device = fc.integer({ min: 0, max: 7 });
const one = <Kind extends Happening['kind']>(kind: Kind) => fc.constant({ kind });
const states = ['installing', 'ready', 'ready', 'ready', 'refused', 'tripped'] as const;
const actions = ['pause', 'resume', 'resume', 'retry', 'promote', 'approve', 'rollback', 'abort'] as const;

/** Any of them; reports, calls and time most often. */
export const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('reports' as const), device, state: fc.constantFrom(...states) }),
  },
  { weight: 5, arbitrary: one('all report') },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('calls' as const), bad: fc.constantFrom(false, false, false, true) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('decided' as const), action: fc.constantFrom(...actions) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.constantFrom(2, 70, 700) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('presence' as const), device, isOnline: fc.boolean() }) },
  { weight: 1, arbitrary: one('joins') },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leaves' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kept apart' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freed' as const), device }) },
  { weight: 1, arbitrary: one('canaries go') },
  { weight: 1, arbitrary: one('canaries kept apart') },
  { weight: 1, arbitrary: one('all freed') },
  { weight: 2, arbitrary: one('killed') },
);

/** Makes it happen to the watch's devices, which become more when one joins. */
export async function happen(what: Happening, world: ConductorWorld, watch: OrderWatch): Promise<void> {
  const { ids } = watch;
  const report = (each: string, state: CanaryReport['state'] = 'ready'): Promise<void> => {
    watch.said(each, state);
    return world.report(each, state);
  };
  const id = 'device' in what ? (ids[what.device] ?? ids[0] ?? '') : '';
  const isIn = (each: string): boolean => world.fleet.isMember(each);
  switch (what.kind) {
    case 'reports':
      if (isIn(id)) await report(id, what.state);
      return;
    case 'all report':
      for (const each of ids) if (isIn(each)) await report(each);
      return;
    case 'calls':
      for (const each of ids) {
        if (!isIn(each) || world.ordered(each)?.canary === undefined) continue;
        world.window(each, { stable: 800, canary: 800, errors: { stable: 0, canary: what.bad ? 60 : 0 } });
      }
      await world.clock.advance(1100);
      return;
    case 'decided':
      await world.conductor
        .decide('r2', { action: what.action, by: 'operator:a', why: null, keep: false, all: false })
        .catch(() => {}); // what its phase does not allow is refused
      return;
    case 'time':
      for (let left = what.seconds; left > 0; left -= 35) await world.clock.advance(Math.min(left, 35) * 1000);
      return;
    case 'presence':
      if (isIn(id)) await world.present(id, what.isOnline);
      return;
    case 'canaries go':
      for (const each of withCanary(world, ids)) await world.present(each, false);
      return;
    case 'canaries kept apart':
      for (const each of withCanary(world, ids)) await keepApart(world, each);
      return;
    case 'all freed':
      for (const each of ids) if (await world.holds.remove(each, '')) await world.conductor.heldOrFreed(each);
      return;
    case 'joins':
      if (ids.length < 8) ids.push(await world.join(`late${ids.length}`));
      return;
    case 'leaves':
      if (isIn(id)) await world.leave(id);
      return;
    case 'kept apart':
      return keepApart(world, id);
    case 'freed':
      if (isIn(id) && (await world.holds.remove(id, ''))) await world.conductor.heldOrFreed(id);
      return;
    case 'killed':
      return world.restart();
  }
}

function withCanary(world: ConductorWorld, ids: readonly string[]): string[] {
  return ids.filter((id) => world.fleet.isMember(id) && world.ordered(id)?.canary !== undefined);
}

async function keepApart(world: ConductorWorld, id: string): Promise<void> {
  const stable = world.ordered(id)?.stable;
  if (!world.fleet.isMember(id) || stable === undefined || world.holds.of(id).length > 0) return;
  await world.holds.put(id, { kind: 'excluded', models: { digits: stable }, by: 'operator:a', why: null, atMs: 0 });
  await world.conductor.heldOrFreed(id);
}
