import { describe, expect, it } from 'vitest';
import { type BreakerCase, tripLogE, tripReason } from '@bellwether/agent/inference/breaker';

const nothing = { failures: 0, calls: 0 };
const half = { failures: 25, calls: 50 };
const well = { failures: 50, calls: 1000 };
/** Half of the canary's last calls failed, and stable was well before. */
const failing: BreakerCase = { mode: 'full', share: 10_000, logE: 0, recent: half, before: well };

describe('the breaker of a device', () => {
  it.each<[string, boolean, Partial<BreakerCase>]>([
    ['at E = 10⁴', true, { mode: 'split', share: 500, logE: tripLogE, recent: nothing, before: nothing }],
    ['not below', false, { mode: 'split', share: 500, logE: tripLogE - 0.001, recent: nothing, before: nothing }],
    ['at E = 10⁴ in a shadow too', true, { mode: 'shadow', logE: tripLogE, recent: nothing, before: nothing }],
    ['in a full step at half of the last 50 calls, against 5 % before', true, {}],
    ['not at less than half', false, { recent: { failures: 24, calls: 50 } }],
    ['not before there are 50', false, { recent: { failures: 49, calls: 49 } }],
    ['not where stable was beyond 5 % itself', false, { before: { failures: 51, calls: 1000 } }],
    ['not where too few calls of stable say that it was well', false, { before: { failures: 0, calls: 99 } }],
    ['in a split above half', true, { mode: 'split', share: 5001 }],
    ['not in a split of half: there the two are compared', false, { mode: 'split', share: 5000 }],
    ['not in a shadow, whose failures reach nobody', false, { mode: 'shadow' }],
  ])('trips %s: %s', (_, trips, changes) => {
    expect(tripReason({ ...failing, ...changes }) !== undefined).toBe(trips);
  });
});
