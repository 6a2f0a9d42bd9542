import { describe, expect, it } from 'vitest';
import { hrefOf, placeOf } from '@bellwether/control-plane/console/place';

describe('a place in the console', () => {
  it.each([
    ['', undefined],
    ['approvals', undefined],
    ['devices', 'the-barn-0123456789abcdef'],
  ])('%s %s is the same read as written', (path, subject) => {
    expect(placeOf(hrefOf(path, subject))).toEqual({ path, subject: subject ?? null });
  });

  it.each(['', '#', '#token=bwo_abc', '#/Approvals', '#/devices/<b>', '#/devices/a/b'])('"%s" is the fleet', (hash) => {
    expect(placeOf(hash)).toEqual({ path: '', subject: null });
  });
});
