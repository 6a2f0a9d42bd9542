import { describe, expect, it } from 'vitest';
import { estimateAccuracy } from '@bellwether/shared/evidence/accuracy-estimate';

const reference = { confidence: [1000, 1000, 8000], correct: [300, 700, 7900] };

describe('the estimated accuracy', () => {
  it('is what the reference scored, when confidence is as it was', () => {
    const estimate = estimateAccuracy([100, 100, 800], reference);
    expect(estimate?.accuracy).toBeCloseTo(0.89, 3);
    expect(estimate?.answers).toBe(1000);
  });

  it('falls as answers become less sure', () => {
    expect(estimateAccuracy([800, 100, 100], reference)?.accuracy).toBeCloseTo(0.41, 2);
  });

  it('is surer with a larger reference, and half where the reference has nothing', () => {
    const small = { confidence: [10, 10, 80], correct: [3, 7, 79] };
    const [large, less] = [reference, small].map((each) => estimateAccuracy([100, 100, 800], each)?.standardError ?? 0);
    expect(large).toBeLessThan(less ?? 0);
    expect(estimateAccuracy([100, 0], { confidence: [0, 5], correct: [0, 5] })?.accuracy).toBe(0.5);
  });

  it('is surer of many answers than of a few', () => {
    const few = estimateAccuracy([5, 5, 40], reference)?.standardError ?? 0;
    const many = estimateAccuracy([500, 500, 4000], reference)?.standardError ?? 1;
    // Of 50 answers with a chance of .89 each way: about what their mix alone makes.
    expect(few).toBeCloseTo(0.03, 2);
    expect(many).toBeLessThan(few / 3);
  });

  it('is none without labels, with other bins, or of a handful', () => {
    expect(estimateAccuracy([100, 100, 800], { confidence: [1, 1, 8] })).toBeUndefined();
    expect(estimateAccuracy([100, 900], reference)).toBeUndefined();
    expect(estimateAccuracy([1, 1, 7], reference)).toBeUndefined();
  });
});
