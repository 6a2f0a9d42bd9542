import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Attack, AttackOutcome } from './attack.js';
import type * as onDeviceModule from './attack-on-device.js';
import { type DeviceAttack, onDevice } from './attack-on-device.js';
import { type DeviceCode, loadDeviceCode } from './mutant-device.js';
import { type MutantWorld, makeMutantWorld } from './mutant-world.js';
import { type Patch, patchProduct, worktree } from './patched-product.js';

/** The guard of a control: one rule, in as many lines as it has. */
interface Patched {
  readonly patches: readonly Patch[];
}

/** An attack on a real agent whose control is the built product with its guard taken out of one line. */
export type HostileDevice = Omit<DeviceAttack, 'open'> & Patched;

/** An attack of the registry on a real agent; the control runs the whole agent, its threads and runners from the patched copy. */
export function onPatchedDevice({ patches, ...spec }: HostileDevice): Attack {
  const guarded = onDevice({ ...spec, open: {} });
  const { id, row, attacker, code, control } = guarded;
  const run = async (isGuarded: boolean): Promise<AttackOutcome> => {
    if (isGuarded) return guarded.run(true);
    const product = await patchProduct(...patches);
    try {
      const url = pathToFileURL(join(product.supportDist, 'attack-on-device.js')).href;
      const patched = (await import(url)) as typeof onDeviceModule;
      return await patched.onDevice({ ...spec, open: {} }).run(true);
    } finally {
      await product.remove();
    }
  };
  return { id, row, attacker, code, control, run };
}

/** An attack on the verifiers of a device themselves, without a process around them. */
export type HostileDocument = Omit<Attack, 'run'> &
  Patched & {
    /** The code of the refusal, or `passed`. */
    readonly attack: (code: DeviceCode, world: MutantWorld) => Promise<string> | string;
  };

/** An attack of the registry on verifiers; what they refuse changes nothing, since they only answer. */
export function onVerifiers({ patches, attack, ...about }: HostileDocument): Attack {
  const run = async (isGuarded: boolean): Promise<AttackOutcome> => {
    const product = isGuarded ? undefined : await patchProduct(...patches);
    try {
      const code = await loadDeviceCode(product?.agentDist ?? join(worktree, 'agent', 'dist'));
      const refusal = await attack(code, await makeMutantWorld());
      return { code: refusal, servedBefore: 'no device', servedAfter: 'no device', diskUnchanged: true };
    } finally {
      await product?.remove();
    }
  };
  return { ...about, run };
}
