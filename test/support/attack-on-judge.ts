import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as bundleFileModule from '@bellwether/control-plane/rollouts/verdict/bundle-file';
import type * as judgeModule from '@bellwether/control-plane/rollouts/verdict/judge';
import type { Attack } from './attack.js';
import { type Patch, patchProduct, worktree } from './patched-product.js';

/** What makes and reads verdicts: pure functions, so that no device and no server has to run. */
export interface Judgement {
  readonly judge: typeof judgeModule.judge;
  readonly bundles: typeof bundleFileModule;
}

/** An attack on how a rollout is decided. */
export interface JudgeAttack extends Omit<Attack, 'run'> {
  readonly patches: readonly Patch[];
  /** The code that stands against it, or `passed`. */
  readonly attack: (judgement: Judgement) => string;
}

/** The verdict decides what serves, so that nothing else can change; the control has the judge of a patched copy. */
export function onJudge({ patches, attack, ...about }: JudgeAttack): Attack {
  const unchanged = { servedBefore: 'stable', servedAfter: 'stable', diskUnchanged: true };
  const run = async (isGuarded: boolean) => {
    if (isGuarded) return { ...unchanged, code: attack(await judgementOf(join(worktree, 'control-plane', 'dist'))) };
    const product = await patchProduct(...patches);
    try {
      return { ...unchanged, code: attack(await judgementOf(product.serverDist)) };
    } finally {
      await product.remove();
    }
  };
  return { ...about, run };
}

async function judgementOf(serverDist: string): Promise<Judgement> {
  const load = (name: string) => import(pathToFileURL(join(serverDist, 'rollouts', 'verdict', `${name}.js`)).href);
  const { judge } = (await load('judge')) as typeof judgeModule;
  return { judge, bundles: (await load('bundle-file')) as typeof bundleFileModule };
}
