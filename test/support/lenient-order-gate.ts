import { verify } from 'node:crypto';
import type { OrderContext } from '@bellwether/agent/trust/order-gate';
import { AdmissionRefusal } from '@bellwether/agent/trust/refusal';
import type { TrustRules } from '@bellwether/agent/trust/trust-rules';
import type { Order } from '@bellwether/shared/contract/order';
import type { RefusalCode } from '@bellwether/shared/contract/refusal';
import { sha256 } from '@bellwether/shared/signing/digest';

/** A rule of the order gate that a lenient one leaves out. */
export type OrderRule = 'exact envelope' | 'signature' | 'device' | 'newness' | 'schema';

interface LooseEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly sig: string }[];
  readonly settings?: Order['settings'];
}

/** The rules of the order gate once more, small and apart from the product's, with one left out: the permissive guard of controls. */
export function orderGateWithout(leftOut?: OrderRule): TrustRules['order'] {
  return (bytes, context) => {
    const envelope = JSON.parse(Buffer.from(bytes).toString()) as LooseEnvelope;
    const payload = Buffer.from(envelope.payload, 'base64');
    const order = JSON.parse(payload.toString()) as Order;
    const problem = problems(envelope, payload, order, context).find(({ rule }) => rule !== leftOut);
    if (problem !== undefined) throw new AdmissionRefusal(problem.code, `lenient gate: ${problem.rule}`);
    const settings = envelope.settings ?? order.settings;
    const accepted = { ...order, ...(settings === undefined ? {} : { settings }) };
    const signers = directorsOf(context);
    return { kind: 'accepted', accepted: { order: accepted, digest: sha256(payload) }, signers };
  };
}

function problems(envelope: LooseEnvelope, payload: Buffer, order: Order, context: OrderContext) {
  const { id, fingerprint } = context.device;
  const rules: readonly [OrderRule, RefusalCode, boolean][] = [
    ['exact envelope', 'order-malformed', Object.keys(envelope).length === 3],
    ['signature', 'order-signature', isSigned(envelope, payload, directorsOf(context))],
    ['device', 'order-device', order.device.id === id && order.device.fingerprint === fingerprint],
    ['newness', 'generation-old', isNewer(order, context)],
    ['schema', 'order-schema', isWithinBounds(order.settings ?? {})],
  ];
  return rules.filter(([, , holds]) => !holds).map(([rule, code]) => ({ rule, code }));
}

function directorsOf({ onlineKeys }: OrderContext): readonly string[] {
  return onlineKeys.keys.filter(({ use }) => use === 'director').map((key) => key.public);
}

function isSigned(envelope: LooseEnvelope, payload: Buffer, directors: readonly string[]): boolean {
  const { payloadType: type, signatures } = envelope;
  const message = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  return directors.some((director) => {
    const x = Buffer.from(director, 'hex').toString('base64url');
    const key = { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' } as const;
    return signatures.some(({ sig }) => verify(null, message, key, Buffer.from(sig, 'base64')));
  });
}

function isNewer({ epoch, generation }: Order, { onlineKeys, accepted }: OrderContext): boolean {
  if (epoch !== onlineKeys.epoch) return false;
  return accepted === null || epoch > accepted.order.epoch || generation > accepted.order.generation;
}

function isWithinBounds(settings: NonNullable<Order['settings']>): boolean {
  const { windowSeconds = 1, governorCpuPct = 1 } = settings;
  const isClosed = Object.keys(settings).every((name) =>
    ['windowSeconds', 'governorCpuPct', 'logLevel'].includes(name),
  );
  return isClosed && windowSeconds <= 3600 && governorCpuPct <= 100;
}
