import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentKills, sampledAgentKills } from '../support/agent-kills.js';

/** Whole in `bench faults`. */
let life: AgentKills;
beforeAll(async () => {
  life = await AgentKills.start();
});
afterAll(() => life.stop());

it.each(sampledAgentKills)(
  'an agent that is killed when it has just persisted: $name, serves what is verified, and no floor sinks',
  async (kill) => {
    expect(await life.live(kill)).toEqual({ name: kill.name, broken: [] });
  },
  60_000,
);

it('and no window that it had delivered is missing, or there twice', async () => {
  expect(await life.windowsLost()).toBe(0);
}, 60_000);
