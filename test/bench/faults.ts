import { AgentKills, agentKills } from '../support/agent-kills.js';
import { seededDice } from '../support/dice.js';
import { FailingDiskLife } from '../support/failing-disk-life.js';
import { OutboxLife, tailKinds } from '../support/outbox-cut.js';
import { cutKinds, type DiskEvent } from '../support/power-cut-disk.js';
import { PowerCutLife } from '../support/power-cut-life.js';
import { ServerCutLife } from '../support/server-cut-life.js';
import { ServerKills, serverKills } from '../support/server-kills.js';
import type { Bench, BenchOptions, Report } from './bench.js';

/** What the cases of one kind found. */
interface Found {
  readonly cases: number;
  readonly broken: number;
  readonly acknowledgedLost: number;
}

type Kind = (report: Report, options: BenchOptions) => Promise<Found>;

/** Every how-many-th of the agent's cuts is followed by a start with a network as well. */
const onlineEvery = 10;

/** After every change that the agent ever makes to its disk, every kind of cut. */
const agentCuts: Kind = async (report, options) => {
  const life = await PowerCutLife.live();
  const random = seededDice(3);
  let started = 0;
  try {
    return await sweep(report, options, {
      what: 'agent: power cut',
      length: life.files.length,
      step: 8,
      boot: (cut, kind) => life.boot(cut, kind, random, started++ % onlineEvery === 0),
    });
  } finally {
    await life.stop();
  }
};

/** The same for the server's catalogue and keys. */
const serverCuts: Kind = async (report, options) => {
  const life = await ServerCutLife.live();
  const random = seededDice(5);
  try {
    return await sweep(report, options, {
      what: 'server: power cut',
      length: life.files.length,
      step: 16,
      boot: (cut, kind) => life.boot(cut, kind, random),
    });
  } finally {
    await life.stop();
  }
};

interface Sweep {
  readonly what: string;
  readonly length: number;
  /** Of a quick run: every how-many-th cut. */
  readonly step: number;
  readonly boot: (
    cut: number,
    kind: (typeof cutKinds)[number],
  ) => Promise<{ readonly after: string; readonly broken: readonly string[] }>;
}

async function sweep(
  report: Report,
  { isQuick, signal }: BenchOptions,
  { what, length, step, boot }: Sweep,
): Promise<Found> {
  let cases = 0;
  let broken = 0;
  for (let cut = 0; cut <= length && !signal.aborted; cut += isQuick ? step : 1) {
    for (const kind of cutKinds) {
      cases++;
      const found = await boot(cut, kind);
      if (found.broken.length === 0) continue;
      broken++;
      report(`  cut ${cut} (${found.after}), ${kind}: ${found.broken.join('; ')}`);
    }
    if (cut > 0 && cut % 80 === 0) report(`  ${what}: ${cut} of ${length} changes`);
  }
  report(`${what} after each of ${length} changes: ${cases} cases, ${broken} broken`);
  return { cases, broken, acknowledgedLost: 0 };
}

/** The outbox's log, cut at every record and between. */
const outboxCuts: Kind = async (report, { isQuick, signal }) => {
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
};

/** A disk that fails from any change of an upgrade on. */
const failingDisk: Kind = async (report, { isQuick, signal }) => {
  const life = await FailingDiskLife.live();
  let cases = 0;
  let broken = 0;
  try {
    for (const fault of ['ENOSPC', 'EIO', 'EROFS'] as const) {
      for (let after = 0; after < 48 && !signal.aborted; after += isQuick ? 12 : 2) {
        cases++;
        const found = await life.upgrade(after, fault);
        if (found.broken.length === 0) continue;
        broken++;
        report(`  ${fault} after ${after} changes: ${found.broken.join('; ')}`);
      }
    }
    report(`agent: a disk that fails during an upgrade: ${cases} cases, ${broken} broken`);
  } finally {
    await life.stop();
  }
  return { cases, broken, acknowledgedLost: 0 };
};

/** Kill -9 of a real agent at every phase that it persists. */
const agentKilled: Kind = async (report, { signal }) => {
  const life = await AgentKills.start();
  let cases = 0;
  let broken = 0;
  try {
    for (const kill of agentKills) {
      if (signal.aborted) break;
      cases++;
      const found = await life.live(kill);
      if (found.broken.length === 0) continue;
      broken++;
      report(`  ${found.name}: ${found.broken.join('; ')}`);
    }
    const acknowledgedLost = await life.windowsLost();
    report(`agent: kill -9 at each phase: ${cases} cases, ${broken} broken, ${acknowledgedLost} windows lost`);
    return { cases, broken, acknowledgedLost };
  } finally {
    await life.stop();
  }
};

/** Kill -9 of a real server at every step that it persists. */
const serverKilled: Kind = async (report, { isQuick, signal }) => {
  const life = await ServerKills.start();
  let cases = 0;
  let broken = 0;
  let acknowledgedLost = 0;
  try {
    for (const kill of serverKills.filter((_, i) => !isQuick || i % 5 === 0)) {
      if (signal.aborted) break;
      cases++;
      const found = await life.live(kill);
      acknowledgedLost = found.acknowledgedLost;
      if (found.broken.length === 0) continue;
      broken++;
      report(`  ${found.name}: ${found.broken.join('; ')}`);
    }
    report(`server: kill -9 at each step: ${cases} cases, ${broken} broken, ${acknowledgedLost} acknowledged lost`);
  } finally {
    await life.stop();
  }
  return { cases, broken, acknowledgedLost };
};

const kinds: Readonly<Record<string, Kind>> = {
  agentCuts,
  serverCuts,
  outboxCuts,
  failingDisk,
  agentKilled,
  serverKilled,
};

/** `agentCuts` becomes agentCutsCases and agentCutsBroken. */
function figuresByKind(byKind: Readonly<Record<string, Found>>): Record<string, number> {
  const figures = Object.entries(byKind).flatMap(([name, { cases, broken }]): [string, number][] => [
    [`${name}Cases`, cases],
    [`${name}Broken`, broken],
  ]);
  return Object.fromEntries(figures);
}

/** The agent's life on a disk whose fsync does nothing: what the guard is worth. */
async function withoutSync(report: Report, { isQuick, signal }: BenchOptions): Promise<Found> {
  const lost: DiskEvent['type'] = 'sync';
  const life = await PowerCutLife.live(lost);
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
    report(`the agent's cuts without fsync: ${cases} cases, ${broken} broken`);
  } finally {
    await life.stop();
  }
  return { cases, broken, acknowledgedLost: 0 };
}

/** Power cuts, failing disks and kills, whole; the tests run a sample of the same. */
export const bench: Bench = {
  name: 'faults',
  title: 'power cuts, failing disks, kill -9: does a verified release serve, is anything acknowledged lost',
  comparesWith: 'the same agent on a disk whose fsync does nothing',
  run: async (report, options) => {
    const byKind: Record<string, Found> = {};
    for (const [name, run] of Object.entries(kinds)) byKind[name] = await run(report, options);
    const bare = await withoutSync(report, options);
    const sum = (of: (each: Found) => number): number =>
      Object.values(byKind).reduce((total, each) => total + of(each), 0);
    const cases = sum((each) => each.cases);
    const withoutVerifiedRelease = sum(({ broken }) => broken);
    const cut = byKind['agentCuts'];
    return {
      figures: {
        cases,
        withoutVerifiedRelease,
        acknowledgedLost: sum(({ acknowledgedLost }) => acknowledgedLost),
        withoutFsyncBroken: bare.broken,
        ...figuresByKind(byKind),
      },
      comparisons: [
        {
          what: 'cuts that take something promised',
          ours: (100 * (cut?.broken ?? 0)) / Math.max(1, cut?.cases ?? 0),
          theirs: (100 * bare.broken) / Math.max(1, bare.cases),
          unit: '%',
          ratio: null,
          bar: '0 %, of all kinds together',
          met: withoutVerifiedRelease === 0,
        },
      ],
    };
  },
};
