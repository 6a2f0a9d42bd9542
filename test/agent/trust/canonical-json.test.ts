import { canonicalize } from '@tufjs/canonical-json';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanonicalJsonError, canonicalJson } from '@bellwether/agent/trust/canonical-json';

describe('canonical JSON', () => {
  it('has its golden form', () => {
    const value = { z: [true, null, -1], 'ä"\\': 'line\nbreak\u0001', a: { b: {}, B: [] }, '': 2 ** 53 - 1 };
    expect(canonicalJson(value)).toBe(
      '{"":9007199254740991,"a":{"B":[],"b":{}},"z":[true,null,-1],"ä\\"\\\\":"line\nbreak\u0001"}',
    );
  });

  it.each([1.5, 2 ** 53, Number.NaN, undefined, 'half a pair: \ud800', { 'key \udc00': 1 }])(
    'has none for %j',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(CanonicalJsonError);
    },
  );

  it("agrees with tuf-js's on every document that both take", () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
    );
  });
});
