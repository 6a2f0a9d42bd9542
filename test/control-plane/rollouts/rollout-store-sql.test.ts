import { expect, it } from 'vitest';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { RolloutStoreSql } from '@bellwether/control-plane/rollouts/rollout-store-sql';
import { maxStrata } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';
import { temporaryDatabase } from '../../support/database.js';
import { stagedRollout } from '../../support/rollouts.js';

it('what could not be read again is not stored: no rollout stops the next start', async () => {
  const database = await temporaryDatabase();
  try {
    const store = new RolloutStoreSql(database.kysely, database.sqlite);
    const strata = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);
    const { number: _, ...unreadable } = stagedRollout(presets.fast, { strata: strata(maxStrata + 2) });
    await expect(store.insert(unreadable)).rejects.toMatchObject({ code: 'schema' });
    const { number: __, ...most } = stagedRollout(presets.fast, { strata: strata(maxStrata) });
    await store.insert(most);
    expect((await store.all()).map(({ course }) => course?.strata.length)).toEqual([maxStrata]);
  } finally {
    await database.remove();
  }
});
