import { describe, expect, it } from 'vitest';
import { type Attack, controlProblem, guardedProblem, secondLineProblem } from './attack.js';

/**
 * Two tests for each attack: it is refused with its code and changes nothing, and without its guard it succeeds. The runs
 * in which the runner stands alone are sampled, the first of a file, and so are controls that are slow: bench `attacks`
 * makes them all.
 */
export function testAttacks(attacks: readonly Attack[], controls: 'all' | 'sampled' = 'all'): void {
  const sampled = attacks.find(({ secondLine }) => secondLine !== undefined);
  describe.each(attacks)('$id, by $attacker: $row', (attack) => {
    it(`is refused with ${attack.code}, and nothing changes`, async () => {
      expect(guardedProblem(attack, await attack.run(true))).toBeUndefined();
    });

    if (controls === 'sampled' && attack !== attacks[0]) return;
    it(`succeeds without: ${attack.control}`, async () => {
      expect(controlProblem(await attack.run(false))).toBeUndefined();
    });

    const { secondLine } = attack;
    if (secondLine === undefined || attack !== sampled) return;
    it('is refused by the runner when only the main process has lost that guard', async () => {
      expect(secondLineProblem(await secondLine())).toBeUndefined();
    });
  });
}
