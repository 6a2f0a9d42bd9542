import { describe, expect, it } from 'vitest';
import {
  EnvelopeError,
  openEnvelope,
  type PayloadType,
  payloadTypes,
  preAuthenticationEncoding,
  sealEnvelope,
} from '@bellwether/shared/signing/envelope';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { readVector } from '../../support/vectors.js';

const vector = readVector<{
  pae: { type: string; payload: string; encoding: string };
  envelopes: { type: PayloadType; payload: unknown; envelope: string }[];
}>('envelope');
const rfcKey = {
  publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
};
const key = generateKeyPair();
const other = generateKeyPair();
const maxBytes = 10_000;

interface Json {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}
const sealed = (payload: unknown = { a: 1 }) => sealEnvelope('order', payload, [key]);
/** Seals, changes the JSON, and writes it again. */
const altered = (change: (envelope: Json) => unknown): Uint8Array => {
  const json = JSON.parse(Buffer.from(sealed()).toString()) as Json;
  return Buffer.from(JSON.stringify(change(json) ?? json));
};
const refusal = (bytes: Uint8Array, keys = [key.publicKey], limit = maxBytes): unknown => {
  try {
    openEnvelope('order', bytes, keys, limit);
  } catch (error) {
    return error instanceof EnvelopeError ? error.code : error;
  }
  return 'opened';
};

describe('DSSE envelopes', () => {
  it('encode as the protocol’s own example', () => {
    const { type, payload, encoding } = vector.pae;
    expect(Buffer.from(preAuthenticationEncoding(type, Buffer.from(payload))).toString()).toBe(encoding);
  });

  it('count bytes, not characters', () => {
    expect(Buffer.from(preAuthenticationEncoding('ä', Buffer.from('ö€'))).toString()).toBe('DSSEv1 2 ä 5 ö€');
  });

  it.each(vector.envelopes)('seals and opens the golden $type, which openssl signed', ({ type, payload, envelope }) => {
    expect(Buffer.from(sealEnvelope(type, payload, [rfcKey])).toString()).toBe(envelope);
    const opened = openEnvelope(type, Buffer.from(envelope), [rfcKey.publicKey], maxBytes);
    expect(JSON.parse(Buffer.from(opened.payload).toString())).toEqual(payload);
  });

  it('has a vector for every payload type, and no two alike', () => {
    expect(vector.envelopes.map((one) => one.type)).toEqual(Object.keys(payloadTypes));
    expect(new Set(Object.values(payloadTypes)).size).toBe(vector.envelopes.length);
  });

  it('names the keys that signed, of those that count', () => {
    const bytes = sealEnvelope('order', 1, [key, other]);
    expect(openEnvelope('order', bytes, [other.publicKey], maxBytes).keyIds).toHaveLength(1);
    expect(openEnvelope('order', bytes, [other.publicKey, key.publicKey], maxBytes).keyIds).toHaveLength(2);
  });

  it('is refused for every use but its own', () => {
    const codes = (Object.keys(payloadTypes) as PayloadType[]).map((type) => {
      try {
        openEnvelope(type, sealed(), [key.publicKey], maxBytes);
        return 'opened';
      } catch (error) {
        return error instanceof EnvelopeError ? error.code : error;
      }
    });
    const [own, ...others] = codes;
    expect(own).toBe('opened');
    expect(new Set(others)).toEqual(new Set(['payload-type']));
  });

  it('is refused when another type is written on it, though nothing else changed', () => {
    const bytes = sealEnvelope('report', { a: 1 }, [key]);
    const relabelled = Buffer.from(Buffer.from(bytes).toString().replace(payloadTypes.report, payloadTypes.order));
    expect(refusal(relabelled)).toBe('signature');
  });

  it('has one form: no space, no other order, no escapes, no key twice', () => {
    const text = Buffer.from(sealed()).toString();
    const { payloadType, payload, signatures } = JSON.parse(text) as Record<string, unknown>;
    for (const other of [
      ` ${text}`,
      text.replace(',', ', '),
      text.replace('payload"', 'p\\u0061yload"'),
      text.replaceAll('/', '\\/'),
      JSON.stringify({ signatures, payload, payloadType }),
      JSON.stringify({ payloadType, payload, signatures: [signatures, signatures].flat() }),
    ]) {
      expect(refusal(Buffer.from(other))).toBe('malformed');
    }
  });

  it('is refused when its payload was changed', () => {
    const payload = Buffer.from('{"a":2}').toString('base64');
    expect(refusal(altered((json) => ({ ...json, payload })))).toBe('signature');
  });

  it('is refused when its signature was changed, is another key’s, or claims to be', () => {
    const flip = (sig: string) => (sig.startsWith('A') ? `B${sig.slice(1)}` : `A${sig.slice(1)}`);
    const changed = altered((json) => ({
      ...json,
      signatures: json.signatures.map((s) => ({ ...s, sig: flip(s.sig) })),
    }));
    expect(refusal(changed)).toBe('signature');
    expect(refusal(sealed(), [other.publicKey])).toBe('signature');
    expect(refusal(sealed(), [])).toBe('signature');
    const foreign = JSON.parse(Buffer.from(sealEnvelope('order', { a: 1 }, [other])).toString()) as Json;
    const claimed = altered((json) => ({
      ...json,
      signatures: [{ keyid: json.signatures[0]?.keyid, sig: foreign.signatures[0]?.sig }],
    }));
    expect(refusal(claimed)).toBe('signature');
  });

  it.each<[string, (json: Json) => unknown]>([
    ['an unknown field', (json) => ({ ...json, comment: 'unsigned' })],
    [
      'an unknown field beside a signature',
      (json) => ({ ...json, signatures: json.signatures.map((s) => ({ ...s, x: 1 })) }),
    ],
    ['no signature', (json) => ({ ...json, signatures: [] })],
    ['five signatures', (json) => ({ ...json, signatures: Array.from({ length: 5 }, () => json.signatures[0]) })],
    [
      'a key id in upper case',
      (json) => ({
        ...json,
        signatures: json.signatures.map((s) => ({ ...s, keyid: s.keyid.toUpperCase().replace(/^\d/, 'A') })),
      }),
    ],
    ['a payload in base64url', (json) => ({ ...json, payload: '-_-_' })],
    ['a payload without its padding', (json) => ({ ...json, payload: json.payload.replaceAll('=', '') })],
    ['spare bits in the payload’s last digit', (json) => ({ ...json, payload: 'eyJhIjoxfR==' })],
    ['no payload', ({ payload: _gone, ...json }) => json],
  ])('is malformed with %s', (_name, change) => {
    expect(refusal(altered(change))).toBe('malformed');
  });

  it('is not opened by a signature with spare bits in its last digit', () => {
    const loose = altered((json) => ({
      ...json,
      // 64 bytes are 86 digits: the last of them has four spare bits, which Buffer would not look at.
      signatures: json.signatures.map((s) => ({
        ...s,
        sig: s.sig.replace(/(.)==$/, (_m, last: string) => `${nextDigit(last)}==`),
      })),
    }));
    expect(refusal(loose)).toBe('signature');
  });

  it('is malformed when it is no strict JSON', () => {
    const text = Buffer.from(sealed()).toString();
    expect(refusal(Buffer.from('nonsense'))).toBe('malformed');
    expect(refusal(Buffer.from(text.replace('{', '{"payload":"",')))).toBe('malformed');
  });

  it('may be as large as the evidence of thousands of devices', () => {
    const payload = { text: 'x'.repeat(7_000_000) };
    const bytes = sealEnvelope('verdict', payload, [key]);
    const opened = openEnvelope('verdict', bytes, [key.publicKey], 16 * 1024 * 1024);
    expect(opened.payload).toHaveLength(7_000_011);
  });

  it('is refused by its size before anything else', () => {
    expect(refusal(sealed(), [key.publicKey], 50)).toBe('size');
    expect(refusal(Buffer.alloc(maxBytes + 1, 'x'))).toBe('size');
  });
});

/** The next digit of base64: another text for the same bytes, where bits are spare. */
function nextDigit(digit: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return digits.charAt(digits.indexOf(digit) + 1);
}
