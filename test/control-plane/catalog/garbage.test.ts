import { describe, expect, it } from 'vitest';
import {
  neededBlobs,
  type StoredFile,
  unneededBlobs,
  unneededMetadata,
} from '@bellwether/control-plane/catalog/garbage';

const file = (name: string, changedMs = 0): StoredFile => ({ name, bytes: 1, changedMs });
const names = (files: readonly StoredFile[]) => files.map(({ name }) => name);
const versions = (role: string, count: number) =>
  Array.from({ length: count }, (_, i) => file(`${i + 1}.${role}.json`));

describe('garbage', () => {
  it('is what nobody needs and nobody has just brought', () => {
    expect(names(unneededBlobs([file('a'), file('b'), file('c', 10)], new Set(['a']), 10))).toEqual(['b']);
  });

  it('is no root, however old, and none of the newest ten versions of a role', () => {
    const files = [...versions('root', 15), ...versions('snapshot', 12), ...versions('staging-digits', 3)];
    expect(names(unneededMetadata(files, new Set(), 1))).toEqual(['1.snapshot.json', '2.snapshot.json']);
  });

  it('is nothing that a kept snapshot names, nothing young, and nothing that is no version of a role', () => {
    const files = [...versions('targets', 13), file('timestamp.json'), file('trust.journal')];
    expect(names(unneededMetadata(files, new Set(['1.targets.json']), 1))).toEqual([
      '2.targets.json',
      '3.targets.json',
    ]);
    expect(unneededMetadata(files, new Set(), 0)).toEqual([]);
  });

  it('cannot be told where what is listed cannot be known', () => {
    const unsound = new Map([['staging-digits', { version: 1, bytes: Buffer.alloc(0), problem: 'forged' }]]);
    const nothing = { roles: new Map(), targets: { version: 1, bytes: Buffer.alloc(0), file: {} as never } };
    expect(() => neededBlobs({ ...nothing, unsound, manifests: new Map(), held: new Set() })).toThrow(
      expect.objectContaining({ code: 'role-unsound' }),
    );
  });
});
