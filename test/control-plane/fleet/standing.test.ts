import { describe, expect, it } from 'vitest';
import { requireApproved, standingAfter } from '@bellwether/control-plane/fleet/standing';

const me = 'pi-0123456789abcdef';

describe('an operator’s decision', () => {
  it.each([
    ['pending', 'approve', 'approved'],
    ['pending', 'reject', 'rejected'],
    ['pending', 'decommission', 'decommissioned'],
    ['approved', 'approve', 'approved'],
    ['approved', 'decommission', 'decommissioned'],
    ['rejected', 'approve', 'approved'],
    ['rejected', 'reject', 'rejected'],
    ['rejected', 'decommission', 'decommissioned'],
    ['decommissioned', 'decommission', 'decommissioned'],
  ] as const)('%s, %s: %s', (standing, decision, next) => {
    expect(standingAfter(me, standing, decision)).toBe(next);
  });

  it.each([
    ['approved', 'reject'],
    ['decommissioned', 'approve'],
    ['decommissioned', 'reject'],
  ] as const)('%s leads nowhere by %s', (standing, decision) => {
    expect(() => standingAfter(me, standing, decision)).toThrow(expect.objectContaining({ code: 'standing-conflict' }));
  });
});

describe('a login', () => {
  it('is for approved devices only, and each other one hears its reason', () => {
    expect(() => requireApproved(me, 'approved')).not.toThrow();
    for (const [standing, code] of [
      ['pending', 'approval-pending'],
      ['rejected', 'device-rejected'],
      ['decommissioned', 'device-decommissioned'],
    ] as const) {
      expect(() => requireApproved(me, standing)).toThrow(expect.objectContaining({ code }));
    }
  });
});
