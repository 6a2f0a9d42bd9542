import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attackers } from '../support/attack.js';
import { findAttacks } from '../support/attack-registry.js';
import { readTables, tableRow } from '../support/attack-table.js';

const { attacks } = await findAttacks();
const tables = readTables();
const root = new URL('../../../', import.meta.url);

/** The cells of the table of attackers and outcomes, row by row, the attacker first. */
const outcomes = tables.others
  .map((row) => row.split('|').slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()))
  .filter(([attacker]) => attackers.some((known) => known === attacker));

const namesIn = (cell: string) =>
  [...cell.matchAll(/`([a-z0-9-]+|test\/[a-z0-9/.-]+\.ts)`/g)].map(([, name = '']) => name);
const isKnown = (name: string) => attacks.some(({ id }) => id === name) || existsSync(new URL(name, root));

describe('docs/security.md', () => {
  it('has a row for every attack, and an attack for every row', () => {
    const rows = attacks.map(tableRow);
    expect(rows.filter((row) => !tables.attacks.includes(row))).toEqual([]);
    expect(tables.attacks.filter((row) => !rows.includes(row))).toEqual([]);
    expect(tables.attacks).toHaveLength(new Set(rows).size);
  });

  it('says of every attacker what each outcome is', () => {
    expect(outcomes.map(([attacker]) => attacker)).toEqual(attackers);
    const words = /^(?:prevented|noticed within|possible|no surface yet)/;
    for (const [attacker, ...cells] of outcomes) {
      expect(cells).toHaveLength(7);
      expect({ attacker, wrong: cells.filter((cell) => !words.test(cell)) }).toEqual({ attacker, wrong: [] });
    }
  });

  it('names for whatever it calls prevented or noticed an attack or a test that is there', () => {
    const cells = outcomes.flatMap((row) => row.slice(1));
    const bare = cells.filter((cell) => /prevented|noticed/.test(cell) && namesIn(cell).length === 0);
    expect(bare).toEqual([]);
    const unknown = cells.flatMap(namesIn).filter((name) => name !== 'keep' && !isKnown(name));
    expect(unknown).toEqual([]);
  });
});
