import { describe, expect, it } from 'vitest';
import { parseRange } from '@bellwether/control-plane/catalog/byte-range';

describe('a Range header', () => {
  it.each([
    ['bytes=0-3', { start: 0, end: 3 }],
    ['bytes=4-', { start: 4, end: 9 }],
    ['bytes=4-99', { start: 4, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
  ])('%s of ten bytes is a part', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it.each([undefined, '', 'bytes=-', 'bytes=3-1', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=a-b', 'bytes=1-2 '.repeat(2)])(
    '%s counts as no range',
    (header) => {
      expect(parseRange(header, 10)).toBe('whole');
    },
  );

  it.each(['bytes=10-', 'bytes=11-12', 'bytes=-0'])('%s lies outside of ten bytes', (header) => {
    expect(parseRange(header, 10)).toBe('unsatisfiable');
  });

  it('finds nothing in an empty file', () => {
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});
