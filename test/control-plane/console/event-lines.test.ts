import { describe, expect, it } from 'vitest';
import { eventLines, sentenceOf } from '@bellwether/control-plane/console/event-lines';
import { eventKinds } from '@bellwether/shared/contract/event';
import { idOf, timelineEvent } from '../../support/operator-views.js';

const names = Array.from({ length: 200 }, (_, i) => `device-${i}`);

describe('the lines of the event list', () => {
  it('joins what many devices tell within moments', () => {
    const events = names.map((name, i) => timelineEvent(name, { atMs: 10_000 - i }));
    const [line, ...others] = eventLines(events);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ atMs: 10_000, times: 200, sentence: 'now serving digits@1.1.0', tone: 'good' });
    expect(line?.devices).toEqual(names.map(idOf));
  });

  it('joins what one device repeats, and counts it', () => {
    const died = { kind: 'runner-died', message: 'SIGSEGV' };
    const events = [3, 2, 1].map((second) => timelineEvent('a', { ...died, atMs: second * 1000 }));
    expect(eventLines(events)).toMatchObject([{ devices: [idOf('a')], times: 3, atMs: 3000, tone: 'bad' }]);
  });

  it.each([
    ['canary-ready', 'canary digits@1.1.0 is up: split, 20 % of the calls', 'plain'],
    ['canary-dropped', 'canary digits@1.1.0 is gone: split, 20 % of the calls', 'plain'],
    ['canary-tripped', 'switched canary digits@1.1.0 off without being told: split, 20 % of the calls', 'bad'],
  ])('says %s in words', (kind, sentence, tone) => {
    const event = timelineEvent('a', { kind, message: 'split, 20 % of the calls' });
    expect(eventLines([event])).toMatchObject([{ sentence, tone }]);
  });

  it('joins across other lines, and keeps the newest first', () => {
    const events = [
      timelineEvent('b', { atMs: 4000 }),
      timelineEvent('b', { atMs: 3000, kind: 'order-accepted', message: 'generation 2 of epoch 1' }),
      timelineEvent('a', { atMs: 2000 }),
    ];
    expect(eventLines(events).map(({ sentence, devices }) => [sentence, devices.length])).toEqual([
      ['now serving digits@1.1.0', 2],
      ['took an order: generation 2 of epoch 1', 1],
    ]);
  });

  it('tells anew what happens again later, and what has another code', () => {
    const refused = { kind: 'order-refused', release: null, message: 'no' };
    const events = [
      timelineEvent('a', { atMs: 20_000 }),
      timelineEvent('a', { atMs: 10_000 }),
      timelineEvent('a', { ...refused, code: 'generation-old', atMs: 9000 }),
      timelineEvent('b', { ...refused, code: 'order-signature', atMs: 9000 }),
    ];
    expect(eventLines(events).map(({ code }) => code)).toEqual([null, null, 'generation-old', 'order-signature']);
  });

  it('leaves the phases of an install to the row of the device', () => {
    expect(eventLines([timelineEvent('a', { kind: 'install-phase', message: 'probing' })])).toEqual([]);
  });

  it.each(eventKinds.filter((kind) => kind !== 'install-phase'))('has a sentence for %s', (kind) => {
    const [line] = eventLines([timelineEvent('a', { kind, message: 'said' })]);
    expect(line?.sentence).not.toBe('');
    expect(line?.sentence).not.toContain('undefined');
  });

  it('says of an order what it says once', () => {
    const ordered = { kind: 'order-issued', release: 'digits@1.1.0', message: 'generation 1.1: digits@1.1.0' };
    expect(sentenceOf(timelineEvent('a', ordered))).toBe('order issued: generation 1.1: digits@1.1.0');
    expect(sentenceOf(timelineEvent('a', { kind: 'install-phase', message: 'probing' }))).toBe(
      'install of digits@1.1.0: probing',
    );
  });

  it('says what it does not know in the words that came', () => {
    const event = timelineEvent('a', { kind: 'sheep-lost', release: null, message: 'one of a hundred' });
    expect(eventLines([event])[0]?.sentence).toBe('sheep lost: one of a hundred');
  });
});
