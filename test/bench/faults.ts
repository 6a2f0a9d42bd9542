import { seededDice } from '../support/dice.js';
import { OutboxLife, tailKinds } from '../support/outbox-cut.js';
import { cutKinds } from '../support/power-cut-disk.js';
import { PowerCutLife } from '../support/power-cut-life.js';
import type { Bench, BenchOptions, Report } from './bench.js';

/** What a row of cases found. */
interface Found {
  readonly cases: number;
  readonly broken: number;
  readonly acknowledgedLost: number;
}

/** After every change that the agent ever makes to its disk, every kind of cut; with a network afterwards for every tenth. */
async function agentCuts(report: Report, { isQuick, signal }: BenchOptions): Promise<Found> {
  const life = await PowerCutLife.live();
  const random = seededDice(3);
  let cases = 0;
  let broken = 0;
  try {
    const step = isQuick ? 8 : 1;
    for (let cut = 0; cut <= life.files.length && !signal.aborted; cut += step) {
      for (const kind of cutKinds) {
        const after = await life.boot(cut, kind, random, cases++ % 10 === 0);
        if (after.broken.length === 0) continue;
        broken++;
        report(`  cut ${cut} (${after.after}), ${kind}: ${after.broken.join('; ')}`);
      }
    }
    report(`agent: power cut after each of ${life.files.length} changes of its disk: ${cases} cases, ${broken} broken`);
  } finally {
    await life.stop();
  }
  return { cases, broken, acknowledgedLost: 0 };
}

/** The same life on a disk whose fsync does nothing: what the guard is worth. */
async function withoutSync(report: Report, { isQuick, signal }: BenchOptions): Promise<Found> {
  const life = await PowerCutLife.live('sync');
  const random = seededDice(3);
  let cases = 0;
  let broken = 0;
  try {
    for (let cut = 0; cut <= life.files.length && !signal.aborted; cut += isQuick ? 40 : 10) {
      for (const kind of cutKinds) {
        cases++;
        if ((await life.boot(cut, kind, random, false)).broken.length > 0) broken++;
      }
    }
    report(`the same without fsync: ${cases} cases, ${broken} broken`);
  } finally {
    await life.stop();
  }
  return { cases, broken, acknowledgedLost: 0 };
}

/** The outbox's log, cut at every record and between. */
async function outboxCuts(report: Report, { isQuick, signal }: BenchOptions): Promise<Found> {
  const life = await OutboxLife.live(60);
  const random = seededDice(11);
  let cases = 0;
  let acknowledgedLost = 0;
  try {
    const within = Array.from({ length: 60 }, () => Math.floor(random() * life.length));
    const cuts = [...life.boundaries, ...within].filter((_, i) => !isQuick || i % 8 === 0);
    for (const cut of cuts) {
      for (const tail of tailKinds) {
        if (signal.aborted) break;
        cases++;
        const { lost, worksOn } = await life.boot(cut, tail);
        acknowledgedLost += lost.length + (worksOn ? 0 : 1);
      }
    }
    report(
      `outbox: its log cut at ${cuts.length} places: ${cases} cases, ${acknowledgedLost} acknowledged messages lost`,
    );
  } finally {
    await life.remove();
  }
  return { cases, broken: 0, acknowledgedLost };
}

/** Power cuts, whole; the tests run a sample of the same. */
export const bench: Bench = {
  name: 'faults',
  title: 'power cuts between any two writes: does a verified release serve, is anything acknowledged lost',
  comparesWith: 'the same agent on a disk whose fsync does nothing',
  run: async (report, options) => {
    const found = [await agentCuts(report, options), await outboxCuts(report, options)];
    const bare = await withoutSync(report, options);
    const sum = (of: (each: Found) => number): number => found.reduce((total, each) => total + of(each), 0);
    const [agent] = found;
    const withoutVerifiedRelease = sum(({ broken }) => broken);
    const ours = (100 * (agent?.broken ?? 0)) / Math.max(1, agent?.cases ?? 0);
    return {
      figures: {
        cases: sum(({ cases }) => cases),
        withoutVerifiedRelease,
        acknowledgedLost: sum(({ acknowledgedLost }) => acknowledgedLost),
        withoutFsyncBroken: bare.broken,
      },
      comparisons: [
        {
          what: 'cuts that take something promised',
          ours,
          theirs: (100 * bare.broken) / Math.max(1, bare.cases),
          unit: '%',
          ratio: null,
          bar: '0 %',
          met: withoutVerifiedRelease === 0,
        },
      ],
    };
  },
};
