import { describe, expect, it } from 'vitest';
import { maxKeys, maxRoleBytes, requireTufLimits } from '@bellwether/agent/trust/tuf-limits';
import { StrictJsonError } from '@bellwether/shared/contract/strict-json';

const bytes = (file: unknown) => Buffer.from(JSON.stringify(file));
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, {}]));
const judge = (file: unknown) => () => requireTufLimits(bytes(file), maxRoleBytes);

describe('the limits of a TUF file, before tuf-js sees it,', () => {
  it('let a file of the largest counts pass', () => {
    const signed = { keys: keys(maxKeys), delegations: { keys: keys(maxKeys) } };
    expect(judge({ signed, signatures: Array.from({ length: maxKeys }, () => ({})) })).not.toThrow();
  });

  it.each([
    ['keys', { signed: { keys: keys(maxKeys + 1) } }],
    ['delegated keys', { signed: { delegations: { keys: keys(maxKeys + 1) } } }],
    ['signatures', { signatures: Array.from({ length: maxKeys + 1 }, () => ({})) }],
  ])('refuse one more of %s', (what, file) => {
    expect(judge(file)).toThrow(`${maxKeys + 1} ${what}, more than ${maxKeys}`);
  });

  it('refuse a byte too many before they parse', () => {
    expect(() => requireTufLimits(Buffer.from('{'.repeat(11)), 10)).toThrow('11 bytes, more than 10');
  });

  it('refuse what two readers could read in two ways', () => {
    expect(() => requireTufLimits(Buffer.from('{"signed":1,"signed":2}'), 100)).toThrow(StrictJsonError);
  });
});
