import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openCatalogFixture } from '../support/catalog-server.js';

const loop = fileURLToPath(new URL('../support/publishing-loop.js', import.meta.url));
const rounds = 5;

it('a server that is killed while it publishes comes back with everything that it had confirmed', async () => {
  const fixture = await openCatalogFixture();
  try {
    for (let round = 1; round <= rounds; round++) {
      await fixture.catalog.close();
      const child = spawn(process.execPath, [loop, fixture.keys, fixture.data], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exit = once(child, 'exit');
      let confirmed = 0;
      let confirmations = 0;
      for await (const line of createInterface(child.stdout)) {
        confirmed = Number(line);
        confirmations++;
        // In every round it is cut off at another place of the next publication, which is under way by now.
        if (confirmations === 2 + round) setTimeout(() => child.kill('SIGKILL'), round * 3);
      }
      expect(await exit).toEqual([null, 'SIGKILL']);
      const releases = (await fixture.reopen()).releases().length;
      // Version 1 is empty; at most one publication was under way, and is there whole or not at all.
      expect(releases).toBeGreaterThanOrEqual(confirmed - 1);
      expect(releases).toBeLessThanOrEqual(confirmed);
    }
  } finally {
    await fixture.remove();
  }
});
