import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '@bellwether/shared/errors';
import type { Bench, BenchOptions } from './bench.js';
import { thisMachine } from './machine.js';
import { comparisonTable } from './table.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Whether a module's export looks like a bench. */
function isBench(value: unknown): value is Bench {
  return typeof value === 'object' && value !== null && 'run' in value && 'comparesWith' in value;
}

/** All benches: the modules beside this one that export `bench`. */
async function findBenches(): Promise<ReadonlyMap<string, Bench>> {
  const found = new Map<string, Bench>();
  const files = readdirSync(folder).filter((file) => /^[a-z0-9-]+\.js$/.test(file) && file !== 'run.js');
  for (const file of files.toSorted()) {
    const module: unknown = await import(new URL(file, import.meta.url).href);
    const bench = typeof module === 'object' && module !== null && 'bench' in module ? module.bench : undefined;
    if (isBench(bench)) found.set(bench.name, bench);
  }
  return found;
}

function listBenches(benches: ReadonlyMap<string, Bench>): void {
  console.log('npm run bench -- NAME [--json FILE] [--quick] [--seed N]\n');
  for (const { name, title, comparesWith } of benches.values()) {
    console.log(`  ${name.padEnd(16)} ${title} (beside ${comparesWith})`);
  }
  if (benches.size === 0) console.log('  no benches yet');
}

async function runBench(bench: Bench, options: Omit<BenchOptions, 'signal'>, jsonFile?: string): Promise<number> {
  const abort = new AbortController();
  process.once('SIGINT', () => {
    abort.abort();
  });
  const machine = thisMachine();
  console.log(`${bench.name}: ${bench.title}`);
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}, ${machine.os}\n`);
  const { figures, comparisons } = await bench.run((line) => console.log(line), { ...options, signal: abort.signal });
  console.log(`\n${comparisonTable(comparisons, bench.comparesWith).join('\n')}\n`);
  for (const [name, value] of Object.entries(figures)) {
    console.log(`  ${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  }
  if (jsonFile !== undefined) {
    writeFileSync(jsonFile, `${JSON.stringify({ name: bench.name, machine, figures, comparisons }, null, 2)}\n`);
    console.log(`\nwritten to ${jsonFile}`);
  }
  return comparisons.some(({ met }) => met === false) ? 1 : 0;
}

/** Undefined when the words make no sense; why is said. */
function readCommand() {
  const options = {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    console.error(`${messageOf(error)}\n`);
    return undefined;
  }
}

const command = readCommand();
const benches = await findBenches();
const name = command?.values.help === true ? undefined : command?.positionals[0];
const bench = name === undefined ? undefined : benches.get(name);
if (command !== undefined && bench !== undefined) {
  const { quick, json, seed } = command.values;
  process.exitCode = await runBench(bench, { isQuick: quick, ...(seed && { seed: Number(seed) }) }, json);
} else {
  if (name !== undefined) console.error(`there is no bench ${name}\n`);
  listBenches(benches);
  process.exitCode = command !== undefined && name === undefined ? 0 : 2;
}
