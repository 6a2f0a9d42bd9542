import { describe, expect, it } from 'vitest';
import { findAttacks } from '../support/attack-registry.js';
import { readTables, tableRow } from '../support/attack-table.js';

const { attacks } = await findAttacks();
const tables = readTables();

describe('docs/security.md', () => {
  it('has a row for every attack, and an attack for every row', () => {
    const rows = attacks.map(tableRow);
    expect(rows.filter((row) => !tables.attacks.includes(row))).toEqual([]);
    expect(tables.attacks.filter((row) => !rows.includes(row))).toEqual([]);
    expect(tables.attacks).toHaveLength(new Set(rows).size);
  });
});
