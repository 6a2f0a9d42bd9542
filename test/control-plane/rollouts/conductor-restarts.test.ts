import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { ConductorWorld } from '../../support/conductor-world.js';

/** What a server that was away, for a moment or for hours, makes of what it was waiting for. */

const hour = 3_600_000;
const first = { cohort: { percent: 100 }, mode: 'split', share: 50 } as const;
const last = { cohort: { percent: 100 }, mode: 'full', share: 100 } as const;
const policyOf = (changes: Partial<RolloutPolicy>): RolloutPolicy => ({ version: 1, steps: [first, last], ...changes });

let world: ConductorWorld;
let ids: string[];
beforeEach(async () => {
  world = await ConductorWorld.start(':memory:');
  for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
  ids = [await world.join('a'), await world.join('b')];
  await world.create('digits@1.0.0');
  await reportAll();
});
afterEach(() => world.stop());

async function reportAll(): Promise<void> {
  for (const id of ids) await world.report(id);
}
/** Killed, away for so long, and there again; devices say what they have. */
async function awayFor(ms: number): Promise<void> {
  world.conductor.stop();
  await world.clock.advance(ms);
  await world.restart();
  await reportAll();
  await world.clock.advance(1100);
  await world.settled();
}
const begin = (changes: Partial<RolloutPolicy>) => world.create('digits@1.1.0', { policy: policyOf(changes) });
const view = () => world.conductor.view('r2');
const withCanary = () => ids.filter((id) => world.ordered(id)?.canary !== undefined).length;
const approve = () =>
  world.conductor.decide('r2', { action: 'approve', by: 'operator:a', why: null, keep: false, all: false });
const iso = (ms: number) => new Date(world.clock.now().wallMs + ms).toISOString();

describe('across a restart', () => {
  it('a step that asks goes on asking, and what was approved is approved', async () => {
    await begin({ steps: [{ ...first, approval: true }, last] });
    await awayFor(1000);
    expect([view().phase, view().reason?.code, withCanary()]).toEqual(['waiting', 'approval', 0]);
    await approve();
    await awayFor(1000);
    expect([view().phase, view().step, withCanary()]).toEqual(['rolling', 0, 2]);
  });

  it('what is approved still waits for its maintenance window, and begins in it', async () => {
    const now = new Date(world.clock.now().wallMs);
    const cron = `0 ${(now.getUTCHours() + 3) % 24} * * *`;
    await begin({
      steps: [{ ...first, approval: true }, last],
      maintenanceWindow: { cron, timeZone: 'UTC', minutes: 120 },
    });
    await approve();
    await awayFor(1000);
    expect([view().phase, withCanary()]).toEqual(['rolling', 0]);
    await awayFor(3 * hour);
    expect([view().phase, withCanary()]).toEqual(['rolling', 2]);
  });

  it('it begins when its start window opened while nobody was there', async () => {
    await begin({ startWindow: { notBefore: iso(hour), notAfter: iso(3 * hour) } });
    await awayFor(1000);
    expect([view().phase, view().reason?.code, withCanary()]).toEqual(['waiting', 'start-window', 0]);
    await awayFor(2 * hour);
    expect([view().phase, withCanary()]).toEqual(['rolling', 2]);
  });

  it('a start window that went by meanwhile begins nothing: a person decides', async () => {
    await begin({ startWindow: { notBefore: iso(hour), notAfter: iso(2 * hour) } });
    await awayFor(3 * hour);
    expect([view().phase, view().reason?.code, withCanary()]).toEqual(['held', 'start-window', 0]);
  });

  it('the time that a step has, goes on', async () => {
    await begin({ steps: [{ ...first, timeLimitSeconds: 3600 }, last] });
    await reportAll();
    await awayFor(2 * hour);
    expect([view().phase, view().reason?.code]).toEqual(['held', 'time-limit']);
  });

  it('a pause stands, whatever the devices say', async () => {
    await begin({ maxInFlight: 1 });
    const pause = { action: 'pause', by: 'operator:a', why: 'lunch', keep: false, all: false } as const;
    await world.conductor.decide('r2', pause);
    await awayFor(hour);
    expect([view().phase, view().reason?.text, withCanary()]).toEqual(['paused', 'paused by operator:a: lunch', 1]);
  });
});
