import { describe, expect, it } from 'vitest';
import { asStateFolderError } from '@bellwether/agent/state-folder-disk';

const failed = (code: string, path?: string, dest?: string) =>
  Object.assign(new Error(code), {
    code,
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  });

describe('an error while the agent opens its parts', () => {
  it.each([
    ['a file of the state folder', failed('EACCES', '/state/blobs'), 'state-read-only'],
    ['the state folder itself', failed('EROFS', '/state'), 'state-read-only'],
    ['a folder above it, which cannot be made', failed('EACCES', '/'), 'state-read-only'],
    ['a file that is open, which has no name', failed('ENOSPC'), 'state-full'],
    ['a link in it, whose target is no path', failed('EROFS', '17:4:boot', '/state/agent.lock'), 'state-read-only'],
    ['the root file, which lies elsewhere', failed('EACCES', '/etc/bellwether/root.json'), 'EACCES'],
    ['a folder whose name only begins like it', failed('EACCES', '/state-of-others/x'), 'EACCES'],
  ])('about %s has the code that fits', (_what, cause, code) => {
    expect(asStateFolderError('/state', cause)).toMatchObject({ code });
  });
});
