import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertRecord } from '@bellwether/control-plane/alerts/alert-record';
import { type AlertEvent, transition } from '@bellwether/control-plane/alerts/alert-transition';

const troubled = (
  devices: readonly string[],
  changes: { severity?: 'warning' | 'critical'; isSilenced?: boolean } = {},
) =>
  ({
    kind: 'troubled',
    trouble: {
      rule: 'device-silent',
      subject: {},
      members: devices.map((device) => ({ device, sinceMs: 0, value: 1 })),
      isSilenced: changes.isSilenced ?? false,
      words: {
        severity: changes.severity ?? 'warning',
        sentence: devices.join(),
        numbers: {},
        attribution: null,
        forecast: null,
      },
    },
  }) satisfies AlertEvent;
const calm = { kind: 'calm' } as const;
const noted = { kind: 'acknowledged', by: 'operator:ada' } as const;

/** What becomes of it, event by event, a second apart. */
function after(...events: readonly AlertEvent[]) {
  let alert: AlertRecord | undefined;
  const news = events.map((event, second) => {
    const step = transition(alert, event, second * 1000);
    alert = step.next;
    return step.news;
  });
  return { alert, news, state: alert?.state };
}

describe('transition', () => {
  it.each([
    ['opens', [troubled(['a'])], 'open', ['opened']],
    ['is nothing while all is calm', [calm, noted], undefined, [null, null]],
    ['says the same once', [troubled(['a']), troubled(['a'])], 'open', ['opened', null]],
    ['says that a device has come', [troubled(['a']), troubled(['a', 'b'])], 'open', ['opened', 'changed']],
    ['is taken note of once', [troubled(['a']), noted, noted], 'acknowledged', ['opened', 'acknowledged', null]],
    ['resolves when open', [troubled(['a']), calm, calm], 'resolved', ['opened', 'resolved', null]],
    ['resolves when noted', [troubled(['a']), noted, calm], 'resolved', ['opened', 'acknowledged', 'resolved']],
    ['is not noted when resolved', [troubled(['a']), calm, noted], 'resolved', ['opened', 'resolved', null]],
    ['is another after that', [troubled(['a']), calm, troubled(['a'])], 'open', ['opened', 'resolved', 'opened']],
    [
      'stays noted while a third more comes',
      [troubled(['a', 'b', 'c']), noted, troubled(['a', 'b', 'c', 'd'])],
      'acknowledged',
      ['opened', 'acknowledged', 'changed'],
    ],
    [
      'opens again when half as many more come',
      [troubled(['a', 'b']), noted, troubled(['a', 'b', 'c'])],
      'open',
      ['opened', 'acknowledged', 'reopened'],
    ],
    [
      'opens again when others are in it instead',
      [troubled(['a']), noted, troubled(['b'])],
      'open',
      ['opened', 'acknowledged', 'reopened'],
    ],
    [
      'opens again when it gets critical',
      [troubled(['a']), noted, troubled(['a'], { severity: 'critical' })],
      'open',
      ['opened', 'acknowledged', 'reopened'],
    ],
  ] as const)('%s', (_name, events, state, news) => {
    expect(after(...events)).toMatchObject({ state, news });
  });

  it('stays noted while it is found over all devices together, however many they become', () => {
    const together = troubled(['a', 'b', 'c', 'd']);
    const members = together.trouble.members.map((member) => ({ ...member, isOfAll: true as const }));
    const found = { ...together, trouble: { ...together.trouble, members } };
    expect(after(troubled(['a']), noted, found).news).toEqual(['opened', 'acknowledged', 'changed']);
    expect(after(found, noted, troubled(['e', 'f'])).state).toBe('open');
  });

  it('is told for the first time when its silence ends', () => {
    const silent = troubled(['a'], { isSilenced: true });
    expect(after(silent).alert).toMatchObject({ isSilenced: true, isTold: false });
    expect(after(silent, silent, troubled(['a']))).toMatchObject({
      news: ['opened', null, 'opened'],
      alert: { isTold: true },
    });
    expect(after(troubled(['a']), silent, calm).alert).toMatchObject({ isTold: true, state: 'resolved' });
  });

  it('says other numbers once a minute', () => {
    const first = transition(undefined, troubled(['a']), 0).next;
    const other = troubled(['a']);
    const event = { ...other, trouble: { ...other.trouble, words: { ...other.trouble.words, sentence: '2 %' } } };
    expect(transition(first, event, 59_000).news).toBeNull();
    expect(transition(first, event, 60_000)).toMatchObject({ news: 'changed', next: { sentence: '2 %' } });
  });

  it('keeps its rules whatever happens in whatever order', () => {
    const event = fc.oneof(
      fc.constant(calm),
      fc.constant(noted),
      fc
        .record({ devices: fc.subarray(['a', 'b', 'c', 'd']), isSilenced: fc.boolean() })
        .map(({ devices, isSilenced }) => {
          return devices.length === 0 ? calm : troubled(devices, { isSilenced });
        }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let alert: AlertRecord | undefined;
        for (const [second, each] of events.entries()) {
          const before = alert;
          const { next, news } = transition(before, each, second * 1000);
          // What is not worth a word is not worth a write, and the other way round.
          expect(next === before).toBe(news === null);
          expect((next?.resolvedAtMs ?? null) !== null).toBe(next?.state === 'resolved');
          expect((next?.acknowledgedBy ?? null) !== null && next?.state === 'open').toBe(false);
          if (before?.state === 'resolved' && next !== before)
            expect(next).toMatchObject({ number: undefined, state: 'open' });
          if (before?.isTold === true && next?.openedAtMs === before.openedAtMs) expect(next.isTold).toBe(true);
          alert = next;
        }
      }),
    );
  });
});
