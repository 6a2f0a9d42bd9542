import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { decodeWindow, type Window } from '@bellwether/shared/contract/window';
import { encodeWindow } from '@bellwether/shared/contract/window-encoding';
import { armOf, bytesOf, windowOf } from '../../support/telemetry-messages.js';
import { readVector } from '../../support/vectors.js';

const { windows } = readVector<{ windows: { sent: object; read: Window }[] }>('contract/window-2');
const sent = (window: Window): Record<string, unknown> => JSON.parse(encodeWindow(window)) as Record<string, unknown>;

describe('a window on the wire', () => {
  it.each(windows)('is written and read as golden window $# says', ({ sent: golden, read }) => {
    expect(decodeWindow(bytesOf(golden))).toEqual(read);
    expect(sent(read)).toEqual(golden);
  });

  it('of version 1 is read with all that it said, its histograms as they were', () => {
    const old = readVector<Window>('contract/window');
    expect(decodeWindow(bytesOf(old))).toEqual(old);
  });

  it('comes back as it went, whatever is 0 or empty in it', () => {
    const some = fc.nat({ max: 2 });
    const window = fc
      .record({
        counts: fc.tuple(some, some, some, some, some),
        wallStartMs: fc.constantFrom(1_699_999_999_999, 1_700_000_000_000),
        clock: fc.constantFrom('system' as const, 'server' as const),
        shed: fc.constantFrom<string[]>([], ['arms']),
        rejected: fc.constantFrom({}, { digits: { 'queue-full': 2 } }),
        errors: fc.constantFrom({}, { engine: 1 }),
        classes: fc.constantFrom<number[]>([], [0, 0], [1, 2]),
      })
      .map(({ counts: [segment, invalid, runnerDeaths, waiting, lostEvents], errors, classes, ...changes }) => {
        const counted = { segment, invalid, runnerDeaths, errors, classes, confidence: classes };
        const outbox = { waiting, bytes: waiting * 1000, lostWindows: lostEvents, lostEvents };
        return windowOf({ ...changes, outbox, arms: [armOf([5, 7], counted), armOf([], { arm: 'canary' })] });
      });
    fc.assert(
      fc.property(window, (each) => {
        expect(decodeWindow(Buffer.from(encodeWindow(each)))).toEqual(each);
      }),
    );
  });

  it('says nothing of what did not happen', () => {
    const quiet = sent(windowOf({ arms: [armOf([5])] }));
    for (const name of ['wallStartMs', 'clock', 'rejected', 'shed', 'outbox']) expect(quiet).not.toHaveProperty(name);
    for (const name of ['segment', 'errors', 'invalid', 'classes', 'confidence', 'runnerDeaths']) {
      expect(quiet).not.toHaveProperty(['arms', 0, name]);
    }
  });

  it('begins where its monotonic length says, and not before 1970', () => {
    const short = { ...sent(windowOf()), startMs: 0, endMs: 5000, wallEndMs: 3000 };
    expect(decodeWindow(bytesOf(short)).wallStartMs).toBe(0);
  });

  it.each([
    ['a window that ends before it began', { startMs: -1 }],
    ['a version that is not known', { version: 3 }],
    ['a count below 0 in what may be left out', { outbox: { waiting: -1 } }],
  ])('is refused as %s', (_name, changes) => {
    expect(() => decodeWindow(bytesOf({ ...sent(windowOf()), ...changes }))).toThrow(DecodeError);
  });
});
