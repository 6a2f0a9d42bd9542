import { afterEach, describe, expect, it } from 'vitest';
import { seededDice } from '../support/dice.js';
import { cutKinds, type DiskEvent } from '../support/power-cut-disk.js';
import { PowerCutLife } from '../support/power-cut-life.js';

/** Whole in `bench faults`; here every n-th cut, with every kind in turn. */
const sampled = 60;

const lives: PowerCutLife[] = [];
afterEach(async () => {
  for (const life of lives.splice(0)) await life.stop();
});

async function live(lost?: DiskEvent['type']): Promise<PowerCutLife> {
  const life = await PowerCutLife.live(lost);
  lives.push(life);
  return life;
}

describe('a power cut between two writes of the agent', () => {
  it('takes nothing that was promised: a verified release serves, no floor sinks, nothing half-written is believed', async () => {
    const life = await live();
    const random = seededDice(3);
    const step = life.files.length / sampled;
    for (let n = 0; n < sampled; n++) {
      const cut = Math.floor(n * step + random() * step);
      const kind = cutKinds[n % cutKinds.length] ?? 'lost';
      expect(await life.boot(cut, kind, random, n % 6 === 0)).toMatchObject({ broken: [] });
    }
  }, 120_000);

  it.each(['sync', 'sync-folder'] as const)('takes it when there is no %s: the control', async (lost) => {
    const life = await live(lost);
    // The last moment: everything was promised by now.
    const { broken } = await life.boot(life.files.length, 'lost', seededDice(1), false);
    expect(broken).not.toEqual([]);
  });
});
