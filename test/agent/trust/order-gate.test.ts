import { describe, expect, it } from 'vitest';
import type { AcceptedOrder } from '@bellwether/agent/trust/device-trust';
import { judgeOrder, OrderRefusal } from '@bellwether/agent/trust/order-gate';
import { maxOrderBytes } from '@bellwether/shared/contract/order';
import { refusalKinds } from '@bellwether/shared/contract/refusal';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { sampleRelease } from '../../support/sample-release.js';
import { deviceNamed, modelsOf, modelWithCanary, signedOrder } from '../../support/signed-order.js';
import { newKeyPair } from '../../support/signed-repository.js';

const director = newKeyPair();
const stranger = newKeyPair();
const time = newKeyPair();
const device = deviceNamed('meadow');
const models = modelsOf(sampleRelease('digits', '1.0.0'));

const digits = sampleRelease('digits', '1.0.0');
const partOfFull = { digits: modelWithCanary(digits, digits, { mode: 'full', share: 500 }) };

const keyOf = (publicKey: string, use: 'director' | 'time') => ({ keyid: keyIdOf(publicKey), public: publicKey, use });
const onlineKeys = (epoch: number) => ({
  schema: 'bellwether.online-keys.v1' as const,
  epoch,
  keys: [keyOf(director.publicKey, 'director'), keyOf(time.publicKey, 'time')],
});

/** The device stands at epoch 3, generation 5. */
const standing = signedOrder(director, { device, epoch: 3, generation: 5, models });
const accepted = acceptedFrom(standing);

function acceptedFrom(envelope: Uint8Array): AcceptedOrder {
  const judgement = judgeOrder(envelope, { device, onlineKeys: onlineKeys(3), accepted: null });
  if (judgement.kind !== 'accepted') throw new Error('a first order is accepted');
  return judgement.accepted;
}

function judge(envelope: Uint8Array, epoch = 3) {
  return judgeOrder(envelope, { device, onlineKeys: onlineKeys(epoch), accepted });
}

function refusal(envelope: Uint8Array, epoch = 3): OrderRefusal {
  try {
    judge(envelope, epoch);
  } catch (error) {
    if (error instanceof OrderRefusal) return error;
    throw error;
  }
  throw new Error('the order was not refused');
}

const newer = { device, epoch: 3, generation: 6, models };

describe('the order gate lets pass', () => {
  it('a newer generation, and says who signed it', () => {
    const judgement = judge(signedOrder(director, newer));
    expect(judgement).toMatchObject({ kind: 'accepted', signers: [director.publicKey] });
  });

  it('the accepted order again, as unchanged, even when its epoch is over', () => {
    expect(judge(standing)).toEqual({ kind: 'unchanged' });
    expect(judge(standing, 4)).toEqual({ kind: 'unchanged' });
  });

  it('a higher epoch that keys/online.json vouches for, at any generation', () => {
    expect(judge(signedOrder(director, { ...newer, epoch: 4, generation: 1 }), 4).kind).toBe('accepted');
  });

  it('an order without models that says `empty`', () => {
    expect(judge(signedOrder(director, { ...newer, models: {}, empty: true })).kind).toBe('accepted');
  });

  it('fields that it does not know: they are signed too', () => {
    expect(judge(signedOrder(director, { ...newer, later: { thing: 1 } })).kind).toBe('accepted');
  });
});

const text = (envelope: Uint8Array, edit: (json: string) => string) =>
  Buffer.from(edit(Buffer.from(envelope).toString()));
const sealed = (payload: string) =>
  sealEnvelope('order', { toJSON: () => JSON.parse('{}') as unknown, payload }, [director]);

describe('the order gate refuses', () => {
  it.each<[string, string, () => Uint8Array]>([
    ['more bytes than an order may have', 'order-size', () => Buffer.alloc(maxOrderBytes + 1, 'x')],
    ['what is no JSON', 'order-malformed', () => Buffer.from('not json')],
    [
      'an unsigned field beside the signed ones',
      'order-malformed',
      () => text(signedOrder(director, newer), (json) => json.replace('{', '{"stage":"staging",')),
    ],
    ['another payload type by the right key', 'order-payload-type', () => sealEnvelope('time', newer, [director])],
    ['an unknown key', 'order-signature', () => signedOrder(stranger, newer)],
    ['a key that is for something else', 'order-signature', () => signedOrder(time, newer)],
    ['a changed payload', 'order-signature', () => exchangePayload()],
    ['a payload that is no order', 'order-schema', () => sealed('')],
    ['another device', 'order-device', () => signedOrder(director, { ...newer, device: deviceNamed('other') })],
    [
      "this device's id with another key's fingerprint",
      'order-device',
      () => signedOrder(director, { ...newer, device: { ...device, fingerprint: deviceNamed('other').fingerprint } }),
    ],
    ['an older epoch', 'epoch-old', () => signedOrder(director, { ...newer, epoch: 2, generation: 99 })],
    ['an epoch that nobody vouched for', 'order-signature', () => signedOrder(director, { ...newer, epoch: 4 })],
    ['an older generation', 'generation-old', () => signedOrder(director, { ...newer, generation: 4 })],
    [
      'two orders of one generation',
      'order-equivocation',
      () => signedOrder(director, { ...newer, generation: 5, settings: {} }),
    ],
    [
      'a full step that is a part of the calls',
      'order-schema',
      () => signedOrder(director, { ...newer, models: partOfFull }),
    ],
    [
      'a model without a manifest digest',
      'order-schema',
      () => signedOrder(director, { ...newer, models: { digits: { stable: { version: '1.0.0' } } } as never }),
    ],
    [
      'a setting that no order may change',
      'order-schema',
      () => signedOrder(director, { ...newer, settings: { stage: 'staging' } as never }),
    ],
    ['no models without `empty`', 'order-schema', () => signedOrder(director, { ...newer, models: {} })],
    ['models with `empty`', 'order-schema', () => signedOrder(director, { ...newer, empty: true })],
  ])('%s: %s', (_what, code, envelope) => {
    expect(refusal(envelope()).code).toBe(code);
    expect(Object.keys(refusalKinds)).toContain(code);
  });

  it('the order of an epoch that is over, although it is newer than the accepted one', () => {
    expect(refusal(signedOrder(director, newer), 4).code).toBe('epoch-old');
  });

  it('an old order before it looks at its form', () => {
    const old = signedOrder(director, { ...newer, generation: 4, models: { digits: 1 } as never });
    expect(refusal(old)).toMatchObject({ code: 'generation-old', generation: 4 });
  });

  it('and says when newer keys may help, and when not', () => {
    expect(refusal(signedOrder(stranger, newer)).newerKeysMayHelp).toBe(true);
    expect(refusal(signedOrder(director, { ...newer, epoch: 4 })).newerKeysMayHelp).toBe(true);
    expect(refusal(exchangePayload()).newerKeysMayHelp).toBe(false);
    expect(refusal(signedOrder(director, { ...newer, generation: 4 })).newerKeysMayHelp).toBe(false);
  });
});

/** The signature of one order over another. */
function exchangePayload(): Uint8Array {
  const payload = Buffer.from(JSON.stringify({ schema: 'bellwether.order.v1', ...newer })).toString('base64');
  return text(signedOrder(director, newer), (json) => json.replace(/"payload":"[^"]*"/, `"payload":"${payload}"`));
}
