import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectedByEvidence } from '@bellwether/shared/evidence/e-bh';

/** The definition, by trying every size: the largest k of which k e-values are at least n/(alpha·k). */
function byDefinition(logEs: readonly number[], alpha: number): number {
  for (let k = logEs.length; k > 0; k--) {
    const limit = logEs.length / (alpha * k);
    if (logEs.filter((log) => Math.exp(log) >= limit).length >= k) return k;
  }
  return 0;
}

const logEs = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { maxLength: 30 });

describe('the e-Benjamini-Hochberg procedure', () => {
  it('rejects as many as its definition says, the strongest', () => {
    fc.assert(
      fc.property(logEs, fc.constantFrom(0.01, 0.05, 0.5), (logs, alpha) => {
        const rejected = rejectedByEvidence(logs, alpha);
        expect(rejected).toHaveLength(byDefinition(logs, alpha));
        const weakest = Math.min(...rejected.map((i) => logs[i] ?? Number.NaN));
        expect(logs.filter((log, i) => !rejected.includes(i) && log > weakest)).toStrictEqual([]);
      }),
    );
  });

  it('needs one alone to be as strong as there are hypotheses, and shares that among many', () => {
    const rest = [0, 0, 0];
    expect(rejectedByEvidence([Math.log(79), ...rest], 0.05)).toStrictEqual([]);
    expect(rejectedByEvidence([Math.log(81), ...rest], 0.05)).toStrictEqual([0]);
    expect(
      rejectedByEvidence(
        [1, 2, 3, 4].map((i) => Math.log(20 + i)),
        0.05,
      ),
    ).toStrictEqual([3, 2, 1, 0]);
  });

  it('takes the number of those that were left out', () => {
    expect(rejectedByEvidence([Math.log(79)], 0.05, 4)).toStrictEqual([]);
    expect(rejectedByEvidence([Math.log(81)], 0.05, 4)).toStrictEqual([0]);
  });

  it('rejects nothing of nothing', () => {
    expect(rejectedByEvidence([], 0.05)).toStrictEqual([]);
  });
});
