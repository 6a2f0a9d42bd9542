import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as courseEvidenceModule from '@bellwether/control-plane/rollouts/course-evidence';
import type * as evidenceStoreModule from '@bellwether/control-plane/rollouts/evidence-store-sql';
import type * as bundleFileModule from '@bellwether/control-plane/rollouts/verdict/bundle-file';
import type * as judgeModule from '@bellwether/control-plane/rollouts/verdict/judge';
import type * as telemetryStoreModule from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import type { Attack } from './attack.js';
import { type Patch, patchProduct, worktree } from './patched-product.js';

/** What counts, judges and writes verdicts down: no device and no server has to run. */
export interface Judgement {
  readonly TelemetryStoreSql: typeof telemetryStoreModule.TelemetryStoreSql;
  readonly EvidenceStoreSql: typeof evidenceStoreModule.EvidenceStoreSql;
  readonly verdictInput: typeof courseEvidenceModule.verdictInput;
  readonly judge: typeof judgeModule.judge;
  readonly bundles: typeof bundleFileModule;
}

/** An attack on how a rollout is decided. */
export interface JudgeAttack extends Omit<Attack, 'run'> {
  readonly patches: readonly Patch[];
  /** The code that stands against it, or `passed`. */
  readonly attack: (judgement: Judgement) => string | Promise<string>;
}

/** The verdict decides what serves, so that nothing else can change; the control has the judge of a patched copy. */
export function onJudge({ patches, attack, ...about }: JudgeAttack): Attack {
  const unchanged = { servedBefore: 'stable', servedAfter: 'stable', diskUnchanged: true };
  const run = async (isGuarded: boolean) => {
    if (isGuarded)
      return { ...unchanged, code: await attack(await judgementOf(join(worktree, 'control-plane', 'dist'))) };
    const product = await patchProduct(...patches);
    try {
      return { ...unchanged, code: await attack(await judgementOf(product.serverDist)) };
    } finally {
      await product.remove();
    }
  };
  return { ...about, run };
}

async function judgementOf(serverDist: string): Promise<Judgement> {
  const load = (path: string) => import(pathToFileURL(join(serverDist, `${path}.js`)).href);
  const { judge } = (await load('rollouts/verdict/judge')) as typeof judgeModule;
  const bundles = (await load('rollouts/verdict/bundle-file')) as typeof bundleFileModule;
  const { verdictInput } = (await load('rollouts/course-evidence')) as typeof courseEvidenceModule;
  const { EvidenceStoreSql } = (await load('rollouts/evidence-store-sql')) as typeof evidenceStoreModule;
  const { TelemetryStoreSql } = (await load('telemetry/telemetry-store-sql')) as typeof telemetryStoreModule;
  return { judge, bundles, verdictInput, EvidenceStoreSql, TelemetryStoreSql };
}
