import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RolloutDevice, RolloutPhase } from '@bellwether/control-plane/http/rollout-api';
import type { Rollout } from '@bellwether/control-plane/rollouts/rollout';
import { type RolloutEvent, transition } from '@bellwether/control-plane/rollouts/transition';
import { directRollout } from '../../support/rollouts.js';

const inPhase = (phase: RolloutPhase): Rollout => directRollout({ phase });
const after = (rollout: Rollout, event: RolloutEvent) => transition(rollout, event, 0);
const superseded = { kind: 'superseded', by: 2, look: { devices: [], verdict: null, isWindowOpen: true } } as const;
const seen = (...states: RolloutDevice['state'][]): RolloutEvent => ({
  kind: 'observed',
  devices: states.map((state) => ({ device: 'pi', state, code: null, message: null })),
});

describe('a rollout', () => {
  it.each([
    ['rolling', { kind: 'created' }, 'rolling'],
    ['rolling', seen('settled'), 'done'],
    ['rolling', seen('refused'), 'held'],
    ['done', seen('refused'), 'held'],
    ['held', seen('settled'), 'done'],
    ['done', { kind: 'joined', device: 'pi' }, 'rolling'],
    ['held', superseded, 'superseded'],
    ['superseded', seen('settled'), 'superseded'],
    ['superseded', { kind: 'joined', device: 'pi' }, 'superseded'],
  ] as const)('in %s after %j is %s', (phase, event, want) => {
    expect(after(inPhase(phase), event).next.phase).toBe(want);
  });

  it('orders all its devices when it begins and when it ends, and one that joins', () => {
    expect(after(inPhase('rolling'), { kind: 'created' }).effects).toContainEqual({
      kind: 'order',
      devices: 'all',
    });
    expect(after(inPhase('done'), superseded).effects).toContainEqual({
      kind: 'order',
      devices: 'all',
    });
    expect(after(inPhase('done'), { kind: 'joined', device: 'pi' }).effects).toContainEqual({
      kind: 'order',
      devices: ['pi'],
    });
  });

  it('never comes back once it is superseded, whatever comes in whatever order', () => {
    const state = fc.constantFrom<RolloutDevice['state'][]>(
      'ordered',
      'installing',
      'serving',
      'settled',
      'refused',
      'silent',
    );
    const event: fc.Arbitrary<RolloutEvent> = fc.oneof(
      fc.constantFrom<RolloutEvent[]>({ kind: 'created' }, superseded, { kind: 'joined', device: 'pi' }),
      fc.array(state, { maxLength: 4 }).map((states) => seen(...states)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        let rollout = inPhase('rolling');
        let isOver = false;
        for (const each of events) {
          const { next, effects } = after(rollout, each);
          if (isOver) expect([next, effects]).toEqual([rollout, []]);
          // An event that comes twice leads nowhere else.
          expect(after(next, each).next).toEqual(next);
          rollout = next;
          isOver ||= each.kind === 'superseded';
        }
      }),
    );
  });
});
