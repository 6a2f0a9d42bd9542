import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '@bellwether/agent/config';

const minimal = `
name: greenhouse
server: { url: "http://127.0.0.1:8080" }
root: { file: /etc/bellwether/root.json }
`;

function refusal(text: string, environment: Record<string, string> = {}): string {
  try {
    parseConfig(text, environment);
  } catch (error) {
    if (error instanceof ConfigError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('configuration', () => {
  it('needs a name, a server and a root, and has a default for everything else', () => {
    expect(parseConfig(minimal, {})).toMatchObject({
      name: 'greenhouse',
      stateFolder: '/var/lib/bellwether-agent',
      stage: 'production',
      allowDevelopment: false,
      onNoAllowedRelease: 'keep',
      windowSeconds: 60,
      telemetry: { encoding: 'json' },
      spareRunner: false,
      limits: { queueLength: 64, deadlineMs: 10_000, drainMs: 30_000 },
      probation: { minutes: 10, calls: 100, maxHours: 24 },
    });
  });

  it('is frozen to the last field', () => {
    const config = parseConfig(minimal, {});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.limits)).toBe(true);
  });

  it('gives a default only where nothing is said', () => {
    const { limits } = parseConfig(`${minimal}limits: { drainMs: 5 }`, {});
    expect(limits).toMatchObject({ drainMs: 5, deadlineMs: 10_000 });
  });

  it('lets variables win, at every depth and with their types', () => {
    const config = parseConfig(`${minimal}limits: { drainMs: 5, queueLength: 2 }`, {
      BELLWETHER_STATE_FOLDER: '/tmp/state',
      BELLWETHER_LIMITS_DRAIN_MS: '7',
      BELLWETHER_ALLOW_DEVELOPMENT: 'true',
      BELLWETHER_PROBATION_MINUTES: '0.5',
      BELLWETHER_NAME: '12',
    });
    expect(config).toMatchObject({
      name: '12',
      stateFolder: '/tmp/state',
      allowDevelopment: true,
      limits: { drainMs: 7, queueLength: 2 },
      probation: { minutes: 0.5 },
    });
  });

  it('needs no file entries that variables give', () => {
    const variables = { BELLWETHER_NAME: 'a', BELLWETHER_SERVER_URL: 'http://x', BELLWETHER_ROOT_FILE: '/r' };
    expect(parseConfig('{}', variables)).toMatchObject({
      name: 'a',
      server: { url: 'http://x' },
      root: { file: '/r' },
    });
  });

  it("leaves other tools' variables alone", () => {
    expect(parseConfig(minimal, { BELLWETHER_TOKEN: 'x', BELLWETHER_SERVER: 'y' }).server.url).toContain('8080');
  });

  it.each([
    ['an unknown field by its name', `${minimal}windowSecond: 5`, /^config-invalid: .*windowSecond/],
    ['an unknown field in a group', `${minimal}limits: { drainMS: 5 }`, /^config-invalid: .*\/limits.*drainMS/],
    ['a number out of bounds', `${minimal}windowSeconds: 0`, /^config-invalid: .*\/windowSeconds/],
    ['a number that is text', `${minimal}windowSeconds: soon`, /^config-invalid: .*\/windowSeconds/],
    ['a stage that there is not', `${minimal}stage: test`, /^config-invalid: .*\/stage/],
    ['a missing name', minimal.replace('name', 'nick'), /^config-invalid: .*nick/],
    ['a name that cannot stand in a topic', minimal.replace('greenhouse', 'Green House'), /^config-invalid: .*\/name/],
    ['no root', minimal.replace(/root.*/, ''), /^config-invalid: .*root/],
    ['two roots', minimal.replace('root: {', `root: { sha256: ${'a'.repeat(64)},`), /^config-invalid: .*\/root/],
    ['an empty root', minimal.replace(/root.*/, 'root: {}'), /^config-invalid: .*\/root/],
    ['a server that is no URL', minimal.replace('http:', 'mqtt:'), /^config-invalid: .*\/server\/url/],
    [
      'two join tokens',
      `${minimal}joinToken: ${'t'.repeat(20)}\njoinTokenFile: /t`,
      /^config-invalid: .*joinTokenFile/,
    ],
    ['text that is no YAML', 'name: [', /^config-malformed: /],
    ['a list', '- a', /^config-malformed: /],
    ['nothing', '', /^config-malformed: /],
  ])('refuses %s', (_what, text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('refuses a variable that does not look like its type, by the field', () => {
    expect(refusal(minimal, { BELLWETHER_LIMITS_DRAIN_MS: 'long' })).toMatch(/^config-invalid: .*\/limits\/drainMs/);
    expect(refusal(minimal, { BELLWETHER_ALLOW_DEVELOPMENT: 'yes' })).toMatch(/^config-invalid: .*\/allowDevelopment/);
  });
});
