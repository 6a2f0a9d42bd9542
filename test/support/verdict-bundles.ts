import type { VerdictBundle } from '@bellwether/control-plane/rollouts/verdict/bundle';
import { judgeLook, pairedLook, unpairedLook } from '@bellwether/control-plane/rollouts/verdict/bundle-look';
import { arms, device, devices, look, segment, standardLimits } from './fleet-evidence.js';

/** Test key 1 of RFC 8032 §7.1: its signatures are known to everybody. */
export const rfcKey = {
  publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
};

function bundle(part: VerdictBundle['look']): VerdictBundle {
  return {
    schema: 'bellwether.verdict.v1',
    rollout: 'r12',
    model: 'digits',
    stable: { version: '1.0.0', manifest: 'a'.repeat(64) },
    canary: { version: '1.2.0', manifest: 'b'.repeat(64) },
    step: 1,
    share: 500,
    createdAtMs: 1_795_000_000_000,
    atMs: 1_795_000_400_000,
    codeVersion: '0.1.0',
    salts: { draw: '0'.repeat(32), cohort: '1'.repeat(32) },
    policy: {},
    limits: standardLimits,
    look: part,
    verdict: judgeLook(part, standardLimits),
  };
}

const enough = segment({ calls: arms(19_000, 1000) });
const errors = (stable: number, canary: number) => ({
  ...enough,
  cells: { ...enough.cells, error: arms(stable, canary) },
});
/** No call of either arm ever is slow. */
const quiet = { ...enough, cells: { ...enough.cells, slow50: arms(0, 0), slow90: arms(0, 0) } };
const pairs = segment({
  mode: 'shadow',
  calls: arms(900, 900),
  labelled: arms(300, 300),
  cells: { error: arms(0, 1), wrong: arms(2, 14) },
  both: { wrong: 9 },
});

/** One bundle for each way to decide; the vectors of every verdictVersion are kept. */
export function sampleBundles(): Readonly<Record<string, VerdictBundle>> {
  const slow = segment({ epoch: 9, calls: arms(9500, 500), cells: { error: arms(3, 0), slow90: arms(950, 140) } });
  const late = [enough, errors(9, 0), slow];
  const unpaired = { device: 'd0', stratum: 'pi', calls: 3000, bad: 0, overBudget: 4 };
  const full = { limits: standardLimits, devices: [unpaired], minCalls: 0, provenStrata: ['pi'], baseline: {} };
  return {
    fail: bundle(pairedLook(look([...devices(5, [errors(10, 6)], 'pi'), device('j0', [enough], 'jetson')]))),
    failLate: bundle(pairedLook(look(devices(3, late), { devices: devices(4, late) }))),
    failShadow: bundle(pairedLook(look(devices(5, [pairs])))),
    pass: bundle(pairedLook(look(devices(5, [enough])))),
    passQuiet: bundle(pairedLook(look(devices(5, [quiet])))),
    single: bundle(pairedLook(look([...devices(5, [enough]), device('liar', [errors(0, 90)])]))),
    outage: bundle(pairedLook(look(devices(5, [errors(9500, 500)])))),
    unmeasured: bundle(pairedLook(look(devices(5, [enough]), { unmeasured: ['u1', 'u2'] }))),
    unpaired: bundle(unpairedLook(full)),
  };
}
