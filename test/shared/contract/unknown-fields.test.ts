import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Report } from '@bellwether/shared/contract/report';
import { unknownFieldCounter } from '@bellwether/shared/contract/unknown-fields';
import { Window } from '@bellwether/shared/contract/window';
import { Type } from '@bellwether/shared/schema';
import { armOf, reportOf, windowOf } from '../../support/telemetry-messages.js';

const countUnknownFields = (schema: Parameters<typeof unknownFieldCounter>[0], value: unknown) =>
  unknownFieldCounter(schema)(value);

describe('unknown fields', () => {
  it('are none in a message of this version', () => {
    const busy = windowOf({ arms: [armOf([5], { errors: { engine: 1 } })], rejected: { digits: { 'queue-full': 2 } } });
    expect(countUnknownFields(Window, busy)).toBe(0);
    expect(countUnknownFields(Report, reportOf())).toBe(0);
  });

  it('count at any depth, each once, whatever is in it', () => {
    const window = windowOf({ arms: [{ ...armOf([5]), news: 1 } as never, armOf([6])] });
    expect(countUnknownFields(Window, { ...window, more: { a: 1, b: [{ c: 2 }] }, evenMore: null })).toBe(3);
    expect(countUnknownFields(Window, { ...window, host: { ...window.host, gpuPct: 3 } })).toBe(2);
  });

  it('count behind a union with null', () => {
    const observed = { epoch: 1, generation: 2, digest: '0'.repeat(64), signer: 'x' };
    expect(countUnknownFields(Report, { ...reportOf(), observed })).toBe(1);
    expect(countUnknownFields(Report, { ...reportOf(), observed: null })).toBe(0);
  });

  it('are those of the member of a union that knows most of the value', () => {
    const either = Type.Union([Type.Object({ a: Type.Integer() }), Type.Object({ b: Type.Integer() }), Type.Null()]);
    expect(countUnknownFields(either, { b: 1, c: 2 })).toBe(1);
  });

  it('are not looked for in what may be anything', () => {
    expect(countUnknownFields(Type.Object({ time: Type.Unknown() }), { time: { a: { b: 1 } } })).toBe(0);
  });

  it('are as many as were added', () => {
    const known = new Set(Object.keys(windowOf()));
    const names = fc.uniqueArray(
      fc.string({ minLength: 1 }).filter((name) => !known.has(name) && name !== '__proto__'),
    );
    fc.assert(
      fc.property(names, (added) => {
        const window = { ...windowOf(), ...Object.fromEntries(added.map((name) => [name, { deep: 1 }])) };
        expect(countUnknownFields(Window, window)).toBe(added.length);
      }),
    );
  });
});
