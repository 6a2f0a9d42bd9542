import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultRules } from '@bellwether/control-plane/alerts/alert-rule';
import { readAlertRules } from '@bellwether/control-plane/alerts/alert-rules-disk';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-rules-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string) {
  const path = join(folder, 'rules.yaml');
  await writeFile(path, text);
  return readAlertRules(path);
}

describe('readAlertRules', () => {
  it('changes what the file says, and nothing else', async () => {
    const text = 'version: 1\nrules:\n  drift: { isEnabled: false }\n  device-silent: { raise: 900, clear: 600 }\n';
    expect(await read(text)).toEqual({
      ...defaultRules,
      drift: { ...defaultRules.drift, isEnabled: false },
      'device-silent': { ...defaultRules['device-silent'], raise: 900, clear: 600 },
    });
  });

  it.each([
    ['a rule that does not exist', 'version: 1\nrules:\n  drfit: { isEnabled: false }\n'],
    ['a setting that does not exist', 'version: 1\nrules:\n  drift: { enabled: false }\n'],
    ['limits the wrong way round', 'version: 1\nrules:\n  error-rate: { raise: 1, clear: 2 }\n'],
    ['no version', 'rules: {}\n'],
    ['what is no YAML', 'version: 1\nrules: {\n'],
  ])('refuses %s', async (_name, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'rules-invalid' });
  });
});
