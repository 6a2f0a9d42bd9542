import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlProblem, guardedProblem } from './attack.js';
import type { ServerAttack } from './attack-on-server.js';
import { ServerWorld } from './server-world.js';

/**
 * Each attack on one server that all of them share, and for each guard the control of the first attack that it stops, where it is quick:
 * bench `attacks` gives each attack a server of its own, and runs every control. `sampled`: only the controls of these.
 */
export function testServerAttacks(attacks: readonly ServerAttack[], sampled?: readonly string[]): void {
  const quick = attacks.filter(({ isSlow }) => !isSlow);
  const guards = new Map(quick.toReversed().map((attack) => [JSON.stringify(attack.patches), attack.id]));
  let world: ServerWorld;
  beforeAll(async () => {
    world = await ServerWorld.start(attacks[0]?.options);
  });
  afterAll(() => world.stop());

  describe.each(attacks)('$id, by $attacker: $row', (attack) => {
    it(`is refused with ${attack.code}, and nothing changes`, async () => {
      expect(guardedProblem(attack, await attack.runOn(world))).toBeUndefined();
    });

    if (guards.get(JSON.stringify(attack.patches)) !== attack.id) return;
    if (sampled !== undefined && !sampled.includes(attack.id)) return;
    it(`succeeds without: ${attack.control}`, async () => {
      expect(controlProblem(await attack.run(false))).toBeUndefined();
    });
  });
}
