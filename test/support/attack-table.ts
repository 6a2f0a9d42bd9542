import { readFileSync } from 'node:fs';
import type { Attack } from './attack.js';

const document = new URL('../../../docs/security.md', import.meta.url);

/** A line of the table of attacks in docs/security.md, as the attack itself says it. */
export function tableRow({ id, attacker, row, code, control }: Attack): string {
  return `| \`${id}\` | ${attacker} | ${row} | \`${code}\` | ${control} |`;
}

/** The lines of the tables of docs/security.md; `attacks`: those that begin with an attack's id. */
export function readTables(): { readonly attacks: readonly string[]; readonly others: readonly string[] } {
  const lines = readFileSync(document, 'utf8').split('\n');
  const rows = lines.map((line) => line.trim()).filter((line) => line.startsWith('|'));
  const isAttack = (line: string): boolean => /^\| `[a-z0-9-]+` \|/.test(line);
  return { attacks: rows.filter(isAttack), others: rows.filter((line) => !isAttack(line)) };
}
