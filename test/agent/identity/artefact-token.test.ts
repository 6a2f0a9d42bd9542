import { describe, expect, it } from 'vitest';
import { ArtefactToken, mayCarryToken } from '@bellwether/agent/identity/artefact-token';
import { ManualClock } from '../../support/manual-clock.js';

const { signal } = new AbortController();

function tokens() {
  const clock = new ManualClock();
  let opened = 0;
  const access = new ArtefactToken({
    clock,
    openSession: async () => {
      opened += 1;
      return { token: `t${opened}`, expiresInSeconds: 600 };
    },
  });
  const header = async () => (await access.headers(signal))['authorization'];
  return { clock, access, header };
}

describe('the token for downloads', () => {
  it('is opened once and kept until a minute before its end', async () => {
    const { clock, header } = tokens();
    expect([await header(), await header()]).toEqual(['Bearer t1', 'Bearer t1']);
    await clock.advance(539_000);
    expect(await header()).toBe('Bearer t1');
    await clock.advance(1000);
    expect(await header()).toBe('Bearer t2');
  });

  it('is renewed when the server did not take it, unless it was fresh', async () => {
    const { clock, access, header } = tokens();
    expect(access.renew()).toBe(false);
    await header();
    expect(access.renew()).toBe(false);
    expect(await header()).toBe('Bearer t2');
    await clock.advance(31_000);
    expect(access.renew()).toBe(true);
    expect(await header()).toBe('Bearer t3');
  });

  it('goes to its own server, or elsewhere over TLS', () => {
    const server = 'http://fleet.example:8080';
    expect(mayCarryToken(server, 'http://fleet.example:8080/sub')).toBe(true);
    expect(mayCarryToken(server, 'https://cdn.example')).toBe(true);
    expect(mayCarryToken(server, 'http://cdn.example')).toBe(false);
    expect(mayCarryToken(server, 'http://fleet.example:9090')).toBe(false);
  });
});
