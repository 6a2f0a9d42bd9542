import { describe, expect, it } from 'vitest';
import { isRefusalCode, refusalCodes } from '@bellwether/shared/contract/refusal';

describe('refusal codes', () => {
  it('are recognised, and nothing else is', () => {
    expect(refusalCodes.every(isRefusalCode)).toBe(true);
    expect(['', 'toString', 'constructor', '__proto__', 'Not-Listed'].some(isRefusalCode)).toBe(false);
  });

  it('fit where they travel: reports and events', () => {
    expect(refusalCodes.every((code) => /^[a-z0-9-]{1,40}$/.test(code))).toBe(true);
  });
});
