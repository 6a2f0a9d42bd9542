import {
  type Attack,
  controlProblem,
  guardedProblem,
  type MutantFigures,
  type MutantRun,
  secondLineProblem,
} from '../support/attack.js';
import { findAttacks } from '../support/attack-registry.js';
import { readTables, tableRow } from '../support/attack-table.js';
import type { Bench, BenchOptions, BenchResult, Report } from './bench.js';

const mutantsWanted = 10_000;
const quickMutants = 400;

interface Judged {
  readonly refused: number;
  readonly controls: number;
  /** Attacks that the runner refuses by itself, of those where it stands behind the guard. */
  readonly secondLines: number;
  /** Attacks without a row of their own in docs/security.md. */
  readonly unlisted: number;
}

async function judge(attacks: readonly Attack[], report: Report, signal: AbortSignal): Promise<Judged> {
  const rows = readTables().attacks;
  const counts = { refused: 0, controls: 0, secondLines: 0, unlisted: 0 };
  for (const attack of attacks) {
    if (signal.aborted) break;
    const refusal = guardedProblem(attack, await attack.run(true));
    const control = controlProblem(await attack.run(false));
    counts.refused += refusal === undefined ? 1 : 0;
    counts.controls += control === undefined ? 1 : 0;
    const second = attack.secondLine === undefined ? '' : (secondLineProblem(await attack.secondLine()) ?? 'refuses');
    counts.secondLines += second === 'refuses' ? 1 : 0;
    counts.unlisted += rows.includes(tableRow(attack)) ? 0 : 1;
    report(
      `${attack.id.padEnd(36)} ${refusal ?? attack.code}; control: ${control ?? 'succeeds'}${second === '' ? '' : `; the runner: ${second}`}`,
    );
  }
  return counts;
}

async function mutate(runs: readonly MutantRun[], count: number, report: Report): Promise<MutantFigures> {
  const total = { mutants: 0, accepted: 0, sameMeaning: 0, sameMeaningOwn: 0 };
  for (const each of runs) {
    const found = await each.run(Math.ceil(count / runs.length), report);
    total.mutants += found.mutants;
    total.accepted += found.accepted;
    total.sameMeaning += found.sameMeaning;
    total.sameMeaningOwn += found.sameMeaningOwn;
  }
  return total;
}

async function run(report: Report, { isQuick, signal }: BenchOptions): Promise<BenchResult> {
  const { attacks, mutants: runs } = await findAttacks();
  const { refused, controls, secondLines, unlisted } = await judge(attacks, report, signal);
  const doubled = attacks.filter(({ secondLine }) => secondLine !== undefined).length;
  const wanted = isQuick ? quickMutants : mutantsWanted;
  const { mutants, accepted, sameMeaning, sameMeaningOwn } = await mutate(runs, wanted, report);
  const compare = (what: string, ours: number, theirs: number, met: boolean) => {
    return { what, ours, theirs, unit: '', ratio: null, bar: `= ${theirs}`, met };
  };
  return {
    figures: {
      attacks: attacks.length,
      refused,
      controls,
      secondLines,
      unlisted,
      mutants,
      accepted,
      sameMeaning,
      sameMeaningOwn,
    },
    comparisons: [
      compare('attacks refused with their code, nothing changed', refused, attacks.length, refused === attacks.length),
      compare('controls in which the attack succeeds', controls, attacks.length, controls === attacks.length),
      compare(
        'attacks that the runner alone refuses, of those it stands behind',
        secondLines,
        doubled,
        secondLines === doubled,
      ),
      compare('attacks that docs/security.md does not list', unlisted, 0, unlisted === 0),
      compare('mutants that were judged', mutants, wanted, mutants >= wanted),
      compare('mutants acted on that nobody had signed', accepted, 0, accepted === 0),
      compare('same meaning in other bytes, own formats', sameMeaningOwn, 0, sameMeaningOwn === 0),
    ],
  };
}

/** Every attack of test/attacks with its control, and mutants of everything that is signed. */
export const bench: Bench = {
  name: 'attacks',
  title: 'every attack refused, every control succeeds, no mutant accepted',
  comparesWith: 'what it must be',
  run,
};
