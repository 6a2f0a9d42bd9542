import type { CourseEvidence } from '@bellwether/control-plane/rollouts/course-counted';
import { type EvidenceSum, sumKey } from '@bellwether/control-plane/rollouts/evidence-sum';
import type { StagedRollout } from '@bellwether/control-plane/rollouts/rollout';
import { RolloutStoreSql } from '@bellwether/control-plane/rollouts/rollout-store-sql';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { type JudgeAttack, type Judgement, onJudge } from '../support/attack-on-judge.js';
import { temporaryDatabase } from '../support/database.js';
import { arms } from '../support/fleet-evidence.js';
import { memberOf, stagedRollout } from '../support/rollouts.js';
import { bytesOf, windowOf } from '../support/telemetry-messages.js';

const names = Array.from({ length: 6 }, (_, i) => `cam-${i}-0123456789abcdef`);

/** The first step of a rollout with these members, all at 5 % of the calls. */
function rollout(members: readonly string[]): StagedRollout {
  const steps = [{ cohort: { percent: 100 }, mode: 'split' as const, share: 5 }];
  const staged = stagedRollout({ version: 1, steps }, { stepStartedAtMs: 1000 });
  return { ...staged, number: 1, createdAtMs: 1000, members: new Map(members.map((name) => [name, memberOf(name)])) };
}

/** Calls of one device, none of them bad. */
function counted(canary: number): EvidenceWindow {
  return {
    rollout: 'r1',
    step: 0,
    model: 'digits',
    segment: 1,
    startedAtMs: 2000,
    mode: 'split',
    share: 500,
    stable: 'a'.repeat(64),
    canary: 'b'.repeat(64),
    calls: arms(19 * canary, canary),
    runnerMs: arms(5000, 5000),
    labelled: arms(0, 0),
    cells: { error: arms(0, 0) },
    both: {},
    slowMicros: {},
  };
}

function said(
  { judge, verdictInput }: Judgement,
  of: StagedRollout,
  evidence: Pick<CourseEvidence, 'sums' | 'devices'>,
): string {
  const input = verdictInput(of, { ...evidence, isQuarantined: () => false, manifest: undefined, nowMs: 3000 });
  if (input === undefined) return 'not-judged';
  const { value, reasons } = judge(input);
  return value === 'pass' ? 'passed' : (reasons[0]?.code ?? 'none');
}

function sumsOf(stored: readonly { readonly device: string; readonly sum: EvidenceSum }[]): CourseEvidence['sums'] {
  const byDevice = new Map<string, Map<string, EvidenceSum>>();
  for (const { device, sum } of stored) {
    byDevice.set(device, (byDevice.get(device) ?? new Map<string, EvidenceSum>()).set(sumKey(sum), sum));
  }
  return byDevice;
}

/** Every window of every device arrives forty times, each with 20 calls of the canary. */
async function repeated(judgement: Judgement): Promise<string> {
  const { TelemetryStoreSql, EvidenceStoreSql } = judgement;
  const database = await temporaryDatabase();
  try {
    const rollouts = new RolloutStoreSql(database.kysely, database.sqlite);
    rollouts.save(rollout(names), await rollouts.insert(rollout(names)), { atMs: 1000, moments: [], sight: null });
    const evidence = new EvidenceStoreSql(database.sqlite);
    const store = new TelemetryStoreSql(database.sqlite, evidence);
    for (const device of names) {
      const decoded = decodeMessage(device, 'window', bytesOf(windowOf({ device, evidence: [counted(20)] })));
      store.commit(Array.from({ length: 40 }, () => ({ device, what: 'window' as const, arrivedAtMs: 3000, decoded })));
    }
    return said(judgement, rollout(names), { sums: sumsOf(evidence.of([1])), devices: [] });
  } finally {
    await database.remove();
  }
}

/** Six devices that came after the rollout, and took a place in its cohorts, praise it; the six that were there have hardly tried it. */
function joined(judgement: Judgement): string {
  const fresh = names.map((name) => `new-${name}`);
  const sum = (canary: number): EvidenceSum => {
    const { rollout: _r, model: _m, segment: _s, startedAtMs: _a, slowMicros: _l, ...counters } = counted(canary);
    return { ...counters, epoch: 0 };
  };
  const stored = [
    ...names.map((device) => ({ device, sum: sum(20) })),
    ...fresh.map((device) => ({ device, sum: sum(5000) })),
  ];
  const about = {
    labels: {},
    isOnline: true,
    silentMs: 0,
    report: null,
    order: undefined,
    base: 'a'.repeat(64),
    apart: null,
  };
  const devices = fresh.map((device) => ({ ...about, device, enrolledAtMs: 1500 }));
  return said(judgement, rollout([...names, ...fresh]), { sums: sumsOf(stored), devices });
}

/** The canary of a split of 5 % fails three times as often as stable; what carries the counters says that it was one of 95 %. */
function relabelled(judgement: Judgement): string {
  const { rollout: _r, model: _m, segment: _s, startedAtMs: _a, slowMicros: _l, ...counters } = counted(2000);
  const sum = { ...counters, cells: { error: arms(190, 30) }, share: 9500, epoch: 0 };
  return said(judgement, rollout(names), { sums: sumsOf(names.map((device) => ({ device, sum }))), devices: [] });
}

const specs: readonly JudgeAttack[] = [
  {
    id: 'evidence-other-share',
    attacker: 'broker',
    row: 'says of each window of a split of 5 % that it was one of 95 %, in which so few of the errors would be the canary’s',
    code: 'not-measured',
    control: 'counters count at the ordered mode and share only (isOrdered, control-plane/rollouts/evidence-sum.ts)',
    patches: [
      {
        module: 'control-plane/rollouts/evidence-sum',
        guard: 'Math.round(step.share * 100) === sum.share',
        permissive: 'Math.round(step.share * 100) <= sum.share',
      },
    ],
    attack: relabelled,
  },
  {
    id: 'evidence-windows-repeated',
    attacker: 'broker',
    row: 'delivers each window of each device forty times, so that few good calls count for many',
    code: 'gathering',
    control: 'a window counts once (storeWindow, control-plane/telemetry/telemetry-store-sql.ts)',
    patches: [
      {
        module: 'control-plane/telemetry/telemetry-store-sql',
        guard: 'insertWindow.run(device, runId, sequence, digest, arrivedAtMs, json).changes === 1',
        permissive: 'insertWindow.run(device, runId, sequence, digest, arrivedAtMs, json).changes < 2',
      },
    ],
    attack: repeated,
  },
  {
    id: 'evidence-fresh-devices',
    attacker: 'one device',
    row: 'joins six times under new names once a rollout has begun, and praises it in all of them',
    code: 'gathering',
    control:
      'only devices that were there before the rollout count (countedMembers, control-plane/rollouts/course-counted.ts)',
    patches: [
      { module: 'control-plane/rollouts/course-counted', guard: '<= rollout.createdAtMs', permissive: '<= Infinity' },
    ],
    attack: joined,
  },
];

/** Attacks on which evidence counts at all [R-3, W-4]. */
export const attacks = specs.map(onJudge);
