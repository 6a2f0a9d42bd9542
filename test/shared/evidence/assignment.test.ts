import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArmDraw, cohortPosition } from '@bellwether/shared/evidence/assignment';
import { SipHash } from '@bellwether/shared/evidence/sip-hash';

const salt = '000102030405060708090a0b0c0d0e0f';
const draw = new ArmDraw({ salt, device: 'cam-1-0123456789abcdef', runId: 'ff'.repeat(16) });

describe('a draw', () => {
  it('gives nobody the canary at 0 and everybody at the whole', () => {
    const numbers = Array.from({ length: 1000 }, (_, number) => ({ number }));
    expect(numbers.some((request) => draw.isCanary(0, request))).toBe(false);
    expect(numbers.every((request) => draw.isCanary(10_000, request))).toBe(true);
  });

  it('only moves to the canary as the share grows', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(10_000), fc.nat(10_000), (assignmentKey, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(draw.isCanary(less, { assignmentKey }) && !draw.isCanary(more, { assignmentKey })).toBe(false);
      }),
    );
  });

  it('realises its share within what chance allows', () => {
    const calls = 40_000;
    let canary = 0;
    for (let number = 0; number < calls; number++) if (draw.isCanary(500, { number })) canary++;
    // Six standard deviations of a binomial.
    expect(Math.abs(canary - calls * 0.05)).toBeLessThan(6 * Math.sqrt(calls * 0.05 * 0.95));
  });

  it('is another one under another salt, device or run', () => {
    const other = new ArmDraw({ salt, device: 'cam-1-0123456789abcdef', runId: '00'.repeat(16) });
    const differs = Array.from({ length: 200 }, (_, number) => number).filter(
      (number) => draw.isCanary(5000, { number }) !== other.isCanary(5000, { number }),
    );
    expect(differs.length).toBeGreaterThan(60);
  });

  it('does not take a key for a number', () => {
    const same = Array.from({ length: 200 }, (_, number) => number).filter(
      (number) => draw.isCanary(5000, { number }) === draw.isCanary(5000, { assignmentKey: `${number}` }),
    );
    expect(same.length).toBeLessThan(200);
  });
});

describe('the draws of a device', () => {
  it('have golden places: request and key, hashed as written in docs/protocol.md', () => {
    const hash = new SipHash(salt);
    const places = fc.oneof(fc.nat(), fc.maxSafeNat()).map((number) => ({
      request: { number },
      place: hash.unit(Buffer.from(`ncam-1-0123456789abcdef ${'ff'.repeat(16)} ${number}`)),
    }));
    const keys = fc.string({ unit: 'binary', maxLength: 40 }).map((assignmentKey) => ({
      request: { assignmentKey },
      place: hash.unit(Buffer.from(`k${assignmentKey}`)),
    }));
    fc.assert(
      fc.property(fc.oneof(places, keys), ({ request, place }) => {
        expect(draw.isCanary(Math.floor(place * 10_000), request)).toBe(false);
        expect(draw.isCanary(Math.floor(place * 10_000) + 1, request)).toBe(true);
      }),
    );
    expect(hash.unit(Buffer.from(`ncam-1-0123456789abcdef ${'ff'.repeat(16)} 7`))).toBe(0.5278198494051272);
  });
});

describe('a cohort', () => {
  it('has a golden vector: devices keep their places over versions', () => {
    expect(cohortPosition(salt, 'cam-1-0123456789abcdef')).toBe(0.7021428743253686);
  });
});
