import type { Attack, AttackOutcome } from './attack.js';
import { changedPieces, readDeviceState } from './attack-state.js';
import { AttackWorld, type AttackWorldOptions, type Openings } from './attack-world.js';

/** An attack on one real agent, as the suites write it down. */
export interface DeviceAttack extends Omit<Attack, 'run'> {
  readonly world?: AttackWorldOptions;
  /** Before the device starts. */
  readonly prepare?: (world: AttackWorld) => Promise<void>;
  /** After it serves digits@1.0.0, and before its disk is looked at: what the owners do meanwhile. */
  readonly before?: (world: AttackWorld) => Promise<void>;
  /** Does it; the code of the refusal, or `passed`. */
  readonly attack: (world: AttackWorld) => Promise<string>;
  /** Pieces of the state that change although the attack is refused, since what it carries of them is genuine (a director's order, the server's timestamp). */
  readonly genuine?: readonly string[];
  /** The permissive guard of the control. */
  readonly open: Openings;
}

/** An attack of the registry: a device that serves digits@1.0.0, the attack, and what became of the device. */
export function onDevice(spec: DeviceAttack): Attack {
  const { id, row, attacker, code, control, open } = spec;
  const { runner = false, ...main } = open;
  const run = (guarded: boolean) => runOnDevice(spec, guarded ? {} : open);
  const secondLine = () => runOnDevice(spec, main);
  return { id, row, attacker, code, control, run, ...(runner ? { secondLine } : {}) };
}

async function runOnDevice(spec: DeviceAttack, openings: Openings): Promise<AttackOutcome> {
  const world = await AttackWorld.create(spec.world ?? {}, openings);
  try {
    await spec.prepare?.(world);
    await world.startAgent();
    await world.serve(world.first);
    await spec.before?.(world);
    const servedBefore = await world.served();
    const before = await readDeviceState(world.stateFolder);
    const code = await spec.attack(world);
    const servedAfter = await world.served();
    const changed = changedPieces(before, await readDeviceState(world.stateFolder));
    const genuine = [...(spec.genuine ?? [])].toSorted();
    const diskUnchanged = String(changed) === String(genuine);
    const diskChanges = `${String(changed)} instead of ${String(genuine)}`;
    return { code, servedBefore, servedAfter, diskUnchanged, diskChanges };
  } finally {
    await world.stop();
  }
}
