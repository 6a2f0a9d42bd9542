import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { orderGateWithout } from '../support/lenient-order-gate.js';
import { modelsOf } from '../support/signed-order.js';

const schema = {
  code: 'order-schema',
  control: 'the closed list of settings and their bounds (shared/contract/order.ts)',
  open: { rules: { order: orderGateWithout('schema') } },
};

/** Attacks with what an order says. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'order-unsigned-settings',
    row: 'adds settings of its own beside the signed payload',
    attacker: 'broker',
    code: 'order-malformed',
    control: 'an envelope has no unsigned fields (shared/signing/envelope.ts)',
    open: { rules: { order: orderGateWithout('exact envelope') } },
    attack: async (world) => {
      const envelope = JSON.parse(Buffer.from(world.order({ models: modelsOf(world.first) })).toString()) as object;
      const code = await world.send(Buffer.from(JSON.stringify({ ...envelope, settings: { logLevel: 'error' } })));
      return code === 'passed' && world.logLevel !== 'error' ? 'ignored' : code;
    },
  }),
  onDevice({
    id: 'order-changed-settings',
    row: 'changes settings inside a signed payload',
    attacker: 'broker',
    code: 'order-signature',
    control: 'a director of keys/online.json signed it (judgeOrder, agent/trust/order-gate.ts)',
    open: { rules: { order: orderGateWithout('signature') } },
    attack: (world) => {
      const signed = Buffer.from(world.order({ models: modelsOf(world.first), settings: { logLevel: 'debug' } }));
      const envelope = JSON.parse(signed.toString()) as { readonly payload: string };
      const changed = Buffer.from(envelope.payload, 'base64').toString().replace('"debug"', '"error"');
      const payload = Buffer.from(changed).toString('base64');
      return world.send(Buffer.from(JSON.stringify({ ...envelope, payload })));
    },
  }),
  onDevice({
    id: 'order-setting-out-of-range',
    row: 'orders a governor ceiling of 101 % and windows of a day',
    attacker: 'director',
    ...schema,
    attack: (world) => {
      const settings = { governorCpuPct: 101, windowSeconds: 86_400 };
      return world.send(world.order({ models: modelsOf(world.first), settings }));
    },
  }),
  onDevice({
    id: 'order-stage-inside',
    row: 'orders a production device to become a staging one',
    attacker: 'director',
    ...schema,
    attack: (world) => world.send(world.order({ models: modelsOf(world.first), settings: { stage: 'staging' } })),
  }),
];
