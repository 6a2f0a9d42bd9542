import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededDice } from '../support/dice.js';
import { OutboxLife, tailKinds } from '../support/outbox-cut.js';

/** Whole in `bench faults`: every boundary with every tail, and more bytes between them. */
const messages = 20;

let life: OutboxLife;
beforeAll(async () => {
  life = await OutboxLife.live(messages);
});
afterAll(() => life.remove());

describe("a power cut in the outbox's log", () => {
  it('at the boundary of any record takes nothing that was acknowledged, and the outbox works on', async () => {
    for (const [i, cut] of life.boundaries.entries()) {
      const tail = tailKinds[i % tailKinds.length] ?? 'short';
      expect(await life.boot(cut, tail)).toMatchObject({ acknowledged: i + 1, lost: [], worksOn: true });
    }
  });

  it('anywhere within a record takes that one alone', async () => {
    const random = seededDice(11);
    for (let n = 0; n < 15; n++) {
      const cut = Math.floor(random() * life.length);
      const tail = tailKinds[n % tailKinds.length] ?? 'short';
      expect(await life.boot(cut, tail)).toMatchObject({ lost: [], worksOn: true });
    }
  });

  it('would be noticed if it took one: a byte short of a boundary its record is gone (the control)', async () => {
    expect((await life.boot((life.boundaries[4] ?? 0) - 1, 'short')).kept).toBe(4);
    expect((await life.boot(life.boundaries[4] ?? 0, 'short')).kept).toBe(5);
  });
});
