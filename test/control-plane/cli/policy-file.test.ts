import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPolicy } from '@bellwether/control-plane/cli/policy-file';
import { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-policy-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string, name = 'policy.yaml') {
  const file = join(folder, name);
  await writeFile(file, text);
  return readPolicy(file);
}
const yaml = `
version: 1
steps:
  - { cohort: { percent: 10 }, mode: split, share: 5 }
  - { cohort: { percent: 100 }, mode: full, share: 100, approval: true }
`;

/** Names of the fields of a schema, and of what is in them. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const below = Object.entries(schema).flatMap(([key, value]) => (key === 'properties' ? [] : fieldsOf(value)));
  if (!('properties' in schema) || typeof schema.properties !== 'object' || schema.properties === null) return below;
  return [...below, ...Object.entries(schema.properties).flatMap(([name, value]) => [name, ...fieldsOf(value)])];
}

describe('a policy on the command line', () => {
  it('is the name of a preset, which the server knows', async () => {
    expect(await readPolicy('careful')).toBe('careful');
  });

  it('is a file in YAML, or in JSON', async () => {
    const policy = await read(yaml);
    expect(policy).toMatchObject({ steps: [{ share: 5 }, { mode: 'full', approval: true }] });
    expect(await read(JSON.stringify(policy), 'policy.json')).toEqual(policy);
  });

  it('of the examples names every field that there is', async () => {
    const file = fileURLToPath(new URL('../../../../examples/rollouts/policy.yaml', import.meta.url));
    expect(await readPolicy(file)).toMatchObject({ version: 1, joiners: 'stable' });
    const text = await readFile(file, 'utf8');
    const missing = fieldsOf(RolloutPolicy).filter((name) => !new RegExp(`\\b${name}:`).test(text));
    expect(missing).toEqual([]);
  });

  it('of a later version goes to the server as it is', async () => {
    expect(await read('version: 2\nphases: []')).toEqual({ version: 2, phases: [] });
  });

  it.each([
    ['a field that nobody knows', `${yaml}\nmaxInflight: 3`, /unknown field maxInflight/],
    ['a mode that is none', yaml.replace('split', 'half'), /mode: must be one of shadow, split, full$/],
    ['no steps', 'version: 1\nsteps: []', /steps/],
    ['what is no YAML', 'version: 1\n steps: [', /policy\.yaml: Nested mappings .* at line 1, column 10$/],
    ['another policy inside it by reference', 'version: 1\nsteps: &a []\nx: *a', /./],
  ])('with %s is refused', async (_name, text, why) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'policy' });
    await expect(read(text)).rejects.toThrow(why);
  });

  it('that is not there is refused', async () => {
    await expect(readPolicy(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'file' });
  });
});
