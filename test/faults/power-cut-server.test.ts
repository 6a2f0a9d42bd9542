import { afterEach, describe, expect, it } from 'vitest';
import { seededDice } from '../support/dice.js';
import { cutKinds, type DiskEvent } from '../support/power-cut-disk.js';
import { ServerCutLife } from '../support/server-cut-life.js';

/** Whole in `bench faults`; here every n-th cut, with every kind in turn. */
const sampled = 40;

const lives: ServerCutLife[] = [];
afterEach(async () => {
  for (const life of lives.splice(0)) await life.stop();
});

async function live(lost?: DiskEvent['type']): Promise<ServerCutLife> {
  const life = await ServerCutLife.live(lost);
  lives.push(life);
  return life;
}

describe('a power cut between two writes of the server', () => {
  it('leaves a repository that is whole: what was confirmed stands, nothing half-written is served, the next publication arrives', async () => {
    const life = await live();
    const random = seededDice(5);
    const step = life.files.length / sampled;
    for (let n = 0; n < sampled; n++) {
      const cut = Math.floor(n * step + random() * step);
      expect(await life.boot(cut, cutKinds[n % cutKinds.length] ?? 'lost', random)).toMatchObject({ broken: [] });
    }
  }, 60_000);

  it.each(['sync', 'sync-folder'] as const)('breaks it when there is no %s: the control', async (lost) => {
    const life = await live(lost);
    const { broken } = await life.boot(life.files.length, 'lost', seededDice(1));
    expect(broken).not.toEqual([]);
  });
});
