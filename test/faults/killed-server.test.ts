import { afterAll, beforeAll, expect, it } from 'vitest';
import { ServerKills, sampledServerKills } from '../support/server-kills.js';

/** Whole in `bench faults`. */
let life: ServerKills;
beforeAll(async () => {
  life = await ServerKills.start();
}, 60_000);
afterAll(() => life.stop());

it.each(sampledServerKills)(
  'a server that is killed when it has just persisted: $name, goes on from there, and nothing that was acknowledged is lost',
  async (kill) => {
    expect(await life.live(kill)).toEqual({ name: kill.name, broken: [], acknowledgedLost: 0 });
  },
  60_000,
);
