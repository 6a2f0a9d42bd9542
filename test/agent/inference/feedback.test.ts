import { beforeEach, describe, expect, it } from 'vitest';
import { maxAnswersPerModel } from '@bellwether/agent/inference/answer-memory';
import { Feedback } from '@bellwether/agent/inference/feedback';
import type { ObservedArm } from '@bellwether/agent/inference/observer';
import type { ServedEvidence } from '@bellwether/agent/inference/served';
import { ManualClock } from '../../support/manual-clock.js';
import { ObservedCalls } from '../../support/observed-calls.js';

const arm: ObservedArm = {
  model: 'digits',
  version: '1.0.0',
  manifest: 'ab'.repeat(32),
  arm: 'stable',
  segment: 7,
};
const says = (...classes: readonly number[]): ServedEvidence => ({
  arm,
  reading: { rows: classes.map((classIndex) => ({ classIndex, confidence: 0.9 })), invalid: false, classes: 3 },
  labels: ['ant', 'bee', 'cow'],
});

let clock: ManualClock;
let observer: ObservedCalls;
let feedback: Feedback;

beforeEach(() => {
  clock = new ManualClock();
  observer = new ObservedCalls();
  feedback = new Feedback(clock, observer);
});

const send = (body: unknown, model = 'digits') => feedback.take(model, Buffer.from(JSON.stringify(body)));
const codeOf = (body: unknown, model?: string): string => {
  try {
    return send(body, model).correct ? 'correct' : 'wrong';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the truth about an answer', () => {
  it('counts for the release, arm and segment that answered, by the name of the class or its index', () => {
    feedback.answered('a', says(1));
    feedback.answered('b', says(1));
    expect(send({ id: 'a', label: 'bee' })).toEqual({
      id: 'a',
      model_name: 'digits',
      correct: true,
      parameters: { arm: 'stable', release: 'digits@1.0.0' },
    });
    expect(codeOf({ id: 'b', label: 2 })).toBe('wrong');
    expect(observer.judgements).toEqual([
      { ...arm, correct: true },
      { ...arm, correct: false },
    ]);
  });

  it('is taken once', () => {
    feedback.answered('a', says(0));
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('correct');
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('already-given');
    expect(observer.judgements).toHaveLength(1);
  });

  it('is refused for an id that was not answered here, or for another model', () => {
    feedback.answered('a', says(0));
    expect(codeOf({ id: 'b', label: 'ant' })).toBe('unknown-id');
    expect(codeOf({ id: 'a', label: 'ant' }, 'vad')).toBe('unknown-id');
    expect(observer.judgements).toEqual([]);
  });

  it('is refused with a label that the release does not know, and may then come right', () => {
    feedback.answered('a', says(2));
    expect(codeOf({ id: 'a', label: 'dog' })).toBe('unknown-label');
    expect(codeOf({ id: 'a', label: 3 })).toBe('unknown-label');
    expect(codeOf({ id: 'a', label: 'cow' })).toBe('correct');
  });

  it('may be an index only where the manifest names no labels', () => {
    feedback.answered('a', { ...says(2), labels: [] });
    expect(codeOf({ id: 'a', label: 'cow' })).toBe('unknown-label');
    expect(codeOf({ id: 'a', label: 2 })).toBe('correct');
  });

  it('is refused a day after the answer', () => {
    feedback.answered('a', says(0));
    feedback.answered('b', says(0));
    const dayMs = 24 * 3_600_000;
    clock.advance(dayMs).catch(() => {});
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('correct');
    clock.advance(1).catch(() => {});
    expect(codeOf({ id: 'b', label: 'ant' })).toBe('late');
  });

  it('cannot be told of an answer of several rows, or without classes', () => {
    feedback.answered('a', says(0, 1));
    feedback.answered('b', { arm, reading: { rows: [], invalid: false, classes: 0 }, labels: [] });
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('several-rows');
    expect(codeOf({ id: 'b', label: 0 })).toBe('no-classes');
  });

  it('says that an answer without finite numbers was wrong', () => {
    feedback.answered('a', { ...says(), reading: { rows: [], invalid: true, classes: 3 } });
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('wrong');
  });

  it('means the newer answer when an id was used twice', () => {
    feedback.answered('a', says(0));
    feedback.answered('a', says(1));
    expect(codeOf({ id: 'a', label: 'bee' })).toBe('correct');
  });
});

describe('what is kept of answers', () => {
  it('is bounded: the oldest go, and ids that are too long never come', () => {
    for (let i = 0; i <= maxAnswersPerModel; i++) feedback.answered(`id ${i}`, says(0));
    feedback.answered('x'.repeat(129), says(0));
    expect(codeOf({ id: 'id 0', label: 'ant' })).toBe('unknown-id');
    expect(codeOf({ id: 'id 1', label: 'ant' })).toBe('correct');
    expect(codeOf({ id: 'x'.repeat(129), label: 'ant' })).toBe('schema');
  });

  it('keeps the newer answer of an id that was used again, when its older place is needed', () => {
    feedback.answered('again', says(0));
    feedback.answered('again', says(1));
    for (let i = 2; i < maxAnswersPerModel; i++) feedback.answered(`id ${i}`, says(0));
    feedback.answered('into the place of the first', says(0));
    expect(codeOf({ id: 'again', label: 'bee' })).toBe('correct');
    expect(codeOf({ id: 'id 2', label: 'ant' })).toBe('correct');
  });

  it('is asked a thousand times at once and a hundred times a second, guesses included', () => {
    feedback.answered('a', says(0));
    const guesses = Array.from({ length: 1001 }, (_, i) => codeOf({ id: `guess ${i}`, label: 'ant' }));
    expect(new Set(guesses.slice(0, 1000))).toEqual(new Set(['unknown-id']));
    expect(guesses[1000]).toBe('too-many');
    clock.advance(10).catch(() => {});
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('correct');
    expect(codeOf({ id: 'a', label: 'ant' })).toBe('too-many');
  });
});

describe('a feedback', () => {
  it.each([
    ['schema', { id: 'a' }],
    ['schema', { id: 'a', label: 'ant', more: 1 }],
    ['schema', { id: '', label: 'ant' }],
    ['schema', { id: 'a', label: -1 }],
    ['schema', { id: 'a', label: null }],
    ['schema', []],
  ])('is refused with %s: %j', (code, body) => {
    feedback.answered('a', says(0));
    expect(codeOf(body)).toBe(code);
  });

  it.each(['{"id":"a","label":"ant","label":"bee"}', '{', ''])('is refused with malformed: %s', (body) => {
    feedback.answered('a', says(0));
    expect(() => feedback.take('digits', Buffer.from(body))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
