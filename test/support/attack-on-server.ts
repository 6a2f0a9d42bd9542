import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServeOptions } from '@bellwether/control-plane/main';
import type { Attack, AttackOutcome } from './attack.js';
import { changedPieces } from './attack-state.js';
import { type Patch, patchProduct } from './patched-product.js';
import { readServerState } from './server-state.js';
import type * as serverWorldModule from './server-world.js';
import { ServerWorld } from './server-world.js';

/** An attack on a real server, as the suites write it down. */
export interface ServerAttackSpec<Prepared = undefined> extends Omit<Attack, 'run'> {
  readonly options?: ServeOptions;
  /** Before the state is looked at: what others do, and what the attacker then has in hand. */
  readonly prepare?: (world: ServerWorld) => Promise<Prepared>;
  /** Does it; the code of the refusal, or `passed`. What it opens it closes. */
  readonly attack: (world: ServerWorld, prepared: Prepared) => Promise<string>;
  /** Pieces of the state that change although the attack is refused: its record, say. */
  readonly genuine?: readonly string[];
  /** The control has to wait for what does not happen: it is left to the bench. */
  readonly isSlow?: boolean;
  /** The guard of the control: one rule, in as many lines of the built product as it has. */
  readonly patches: readonly Patch[];
}

/** An attack of the registry which can also share its server with others. */
export interface ServerAttack extends Attack {
  readonly options: ServeOptions;
  readonly isSlow: boolean;
  readonly patches: readonly Patch[];
  runOn(world: ServerWorld): Promise<AttackOutcome>;
}

/** An attack for which something is prepared. */
export type PreparedAttack<Prepared> = ServerAttackSpec<Prepared> & {
  readonly prepare: (world: ServerWorld) => Promise<Prepared>;
};

/** The server is built by the product's own composition root; that of the control from a copy without the guard. */
export function onServer(spec: Omit<ServerAttackSpec, 'prepare'>): ServerAttack {
  return onPreparedServer({ ...spec, prepare: async () => undefined });
}

/** The same, for an attack that others have to do something for first. */
export function onPreparedServer<Prepared>(spec: PreparedAttack<Prepared>): ServerAttack {
  const { id, row, attacker, code, control, patches, options = {}, isSlow = false } = spec;
  const runOn = (world: ServerWorld) => runOnServer(spec, world);
  const run = async (isGuarded: boolean): Promise<AttackOutcome> => {
    if (!isGuarded) return runControl(spec);
    const world = await ServerWorld.start(options);
    try {
      return await runOn(world);
    } finally {
      await world.stop();
    }
  };
  return { id, row, attacker, code, control, patches, options, isSlow, run, runOn };
}

/** The same world on a patched product. */
async function worldOf(supportDist: string): Promise<Pick<typeof ServerWorld, 'start'>> {
  const url = pathToFileURL(join(supportDist, 'server-world.js')).href;
  return ((await import(url)) as typeof serverWorldModule).ServerWorld;
}

/** Of a control only the code is judged. */
async function runControl<Prepared>({
  patches,
  options = {},
  prepare,
  attack,
}: PreparedAttack<Prepared>): Promise<AttackOutcome> {
  const product = await patchProduct(...patches);
  try {
    const World = await worldOf(product.supportDist);
    const world = await World.start(options, false);
    try {
      const code = await attack(world, await prepare(world));
      return { code, servedBefore: '', servedAfter: '', diskUnchanged: true };
    } finally {
      await world.stop();
    }
  } finally {
    await product.remove();
  }
}

async function runOnServer<Prepared>(spec: PreparedAttack<Prepared>, world: ServerWorld): Promise<AttackOutcome> {
  const { data } = world.server;
  const prepared = await spec.prepare(world);
  const servedBefore = await world.served();
  const before = readServerState(data, world.bystander.id);
  const code = await spec.attack(world, prepared);
  const changed = changedPieces(before, readServerState(data, world.bystander.id));
  const servedAfter = await world.served();
  const genuine = [...(spec.genuine ?? [])].toSorted();
  const diskUnchanged = String(changed) === String(genuine);
  const diskChanges = `${String(changed)} instead of ${String(genuine)}`;
  return { code, servedBefore, servedAfter, diskUnchanged, diskChanges };
}
