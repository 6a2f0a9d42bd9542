import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { currentMetadataFolder } from '../support/attack-state.js';
import { AttackWorld } from '../support/attack-world.js';

it('serves again by itself after a file of its metadata was torn for which nothing older may stand in', async () => {
  const world = await AttackWorld.create({}, {});
  try {
    await world.startAgent();
    await world.serve(world.first);
    await world.repository.setOnlineKeys(2);
    await world.repository.publish('targets');
    await world.trust.refresh(new AbortController().signal);
    await world.stopAgent();
    const torn = join(await currentMetadataFolder(world.stateFolder), 'targets.json');
    await truncate(torn, Math.floor((await stat(torn)).size / 2));
    await world.startAgent();
    await world.untilServing(world.first);
    expect(await world.served()).toBe('digits@1.0.0');
  } finally {
    await world.stop();
  }
});
