import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Attack, MutantRun } from './attack.js';

/** What a module in test/attacks that is no test file exports: `attacks`, `mutants`, or both. */
interface AttackModule {
  readonly attacks?: readonly Attack[];
  readonly mutants?: MutantRun;
}

/** All that test/attacks holds. */
export interface AttackRegistry {
  /** In the order of their files; ids are unique. */
  readonly attacks: readonly Attack[];
  readonly mutants: readonly MutantRun[];
}

const folder = fileURLToPath(new URL('../attacks/', import.meta.url));

/** Finds every attack, for the bench and for the table in docs/security.md; nothing runs yet. */
export async function findAttacks(): Promise<AttackRegistry> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'));
  const modules: AttackModule[] = [];
  for (const file of files.toSorted()) {
    const module = (await import(new URL(`../attacks/${file}`, import.meta.url).href)) as AttackModule;
    if (module.attacks === undefined && module.mutants === undefined) {
      throw new Error(`test/attacks/${file} exports neither attacks nor mutants`);
    }
    modules.push(module);
  }
  const attacks = modules.flatMap((module) => module.attacks ?? []);
  const twice = attacks.find(({ id }, i) => attacks.findIndex((other) => other.id === id) !== i);
  if (twice !== undefined) throw new Error(`two attacks are called ${twice.id}`);
  return { attacks, mutants: modules.flatMap((module) => module.mutants ?? []) };
}
