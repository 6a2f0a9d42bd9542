import { checkSchema, DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { type OnlineKeys, publicKeysFor } from '@bellwether/shared/contract/online-keys';
import { decodeOrder, maxOrderBytes, type Order } from '@bellwether/shared/contract/order';
import type { RefusalCode } from '@bellwether/shared/contract/refusal';
import { parseStrictJson, StrictJsonError } from '@bellwether/shared/contract/strict-json';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { Envelope, EnvelopeError, type EnvelopeErrorCode, openEnvelope } from '@bellwether/shared/signing/envelope';
import type { AcceptedOrder } from './device-trust.js';
import { AdmissionRefusal } from './refusal.js';

/** What an order is judged against. */
export interface OrderContext {
  readonly device: { readonly id: string; readonly fingerprint: string };
  readonly onlineKeys: OnlineKeys;
  /** The newest order that was accepted: its epoch and generation are the floor [T-7]. */
  readonly accepted: AcceptedOrder | null;
}

/** `signers` are the public keys of the directors that signed it. */
export type OrderJudgement =
  | { readonly kind: 'accepted'; readonly accepted: AcceptedOrder; readonly signers: readonly string[] }
  | { readonly kind: 'unchanged' };

/** An order that is refused. `newerKeysMayHelp`: it may be signed under online keys that this device has not seen yet. */
export class OrderRefusal extends AdmissionRefusal {
  readonly generation: number | undefined;
  readonly newerKeysMayHelp: boolean;

  constructor(code: RefusalCode, message: string, about: OrderRefusalOptions = {}) {
    super(code, message, about);
    this.generation = about.generation;
    this.newerKeysMayHelp = about.newerKeysMayHelp ?? false;
  }
}

interface OrderRefusalOptions extends ErrorOptions {
  readonly generation?: number;
  readonly newerKeysMayHelp?: boolean;
}

/** Judges an order's bytes as far as [T-6] goes without metadata and bytes of releases. Throws OrderRefusal. */
export function judgeOrder(bytes: Uint8Array, context: OrderContext): OrderJudgement {
  const directors = publicKeysFor(context.onlineKeys, 'director');
  const { payload, keyIds } = openOrder(bytes, directors);
  const head = readHead(payload);
  const { id, fingerprint } = head.device;
  if (id !== context.device.id || fingerprint !== context.device.fingerprint) {
    throw new OrderRefusal('order-device', `the order is for ${id}, this is ${context.device.id}`, head);
  }
  const digest = sha256(payload);
  if (digest === context.accepted?.digest) return { kind: 'unchanged' };
  requireNewer(head, context);
  const order = readOrder(payload, head.generation);
  const signers = directors.filter((key) => keyIds.includes(keyIdOf(key)));
  return { kind: 'accepted', accepted: { order, digest }, signers };
}

const envelopeCodes = {
  size: 'order-size',
  malformed: 'order-malformed',
  'payload-type': 'order-payload-type',
  signature: 'order-signature',
} as const satisfies Record<EnvelopeErrorCode, RefusalCode>;

function openOrder(bytes: Uint8Array, directors: readonly string[]) {
  try {
    return openEnvelope('order', bytes, directors, maxOrderBytes);
  } catch (cause) {
    if (!(cause instanceof EnvelopeError)) throw cause;
    const newerKeysMayHelp = cause.code === 'signature' && !namesAny(bytes, directors.map(keyIdOf));
    throw new OrderRefusal(envelopeCodes[cause.code], cause.message, { cause, newerKeysMayHelp });
  }
}

const compiledEnvelope = Compile(Envelope);

/** True when the envelope claims one of the keys: then its signature is wrong, and newer keys change nothing. */
function namesAny(bytes: Uint8Array, keyIds: readonly string[]): boolean {
  const { signatures } = decodeDocument(compiledEnvelope, bytes, { what: 'envelope', maxBytes: maxOrderBytes });
  return signatures.some((each) => keyIds.includes(each.keyid));
}

/** What of an order is judged before its schema: an old order in an older form is old, not malformed. */
const OrderHead = Type.Object({
  device: Type.Object({ id: Type.String(), fingerprint: Type.String() }),
  epoch: Type.Integer({ minimum: 1 }),
  generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
});
type OrderHead = Static<typeof OrderHead>;

const compiledHead = Compile(OrderHead);

function readHead(payload: Uint8Array): OrderHead {
  try {
    return checkSchema(compiledHead, parseStrictJson(payload), 'order');
  } catch (cause) {
    if (cause instanceof StrictJsonError)
      throw new OrderRefusal('order-malformed', `order ${cause.message}`, { cause });
    if (cause instanceof DecodeError) throw new OrderRefusal('order-schema', cause.message, { cause });
    throw cause;
  }
}

/**
 * The epoch is vouched for offline, in keys/online.json: a thief of the director key cannot raise it, and raising it
 * resets the generations that he ran up [T-7].
 */
function requireNewer(head: OrderHead, { onlineKeys, accepted }: OrderContext): void {
  const { epoch, generation } = head;
  const floor = accepted?.order;
  const refuse = (code: RefusalCode, message: string, newerKeysMayHelp = false): never => {
    throw new OrderRefusal(code, message, { generation, newerKeysMayHelp });
  };
  if (epoch < Math.max(onlineKeys.epoch, floor?.epoch ?? 0)) {
    refuse('epoch-old', `epoch ${epoch} is over; keys/online.json is at ${onlineKeys.epoch}`);
  }
  if (epoch > onlineKeys.epoch) {
    refuse('order-signature', `the director keys are of epoch ${onlineKeys.epoch}, the order claims ${epoch}`, true);
  }
  if (floor === undefined || epoch > floor.epoch) return;
  if (generation < floor.generation) {
    refuse('generation-old', `generation ${generation} is older than ${floor.generation}, which was accepted`);
  }
  if (generation === floor.generation) {
    refuse('order-equivocation', `two different orders are signed as generation ${generation}`);
  }
}

function readOrder(payload: Uint8Array, generation: number): Order {
  let order: Order;
  try {
    order = decodeOrder(payload);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new OrderRefusal('order-schema', cause.message, { cause, generation });
  }
  if ((Object.keys(order.models).length === 0) !== (order.empty === true)) {
    throw new OrderRefusal('order-schema', 'an order without models needs `empty: true`, and no other may say so', {
      generation,
    });
  }
  return order;
}
