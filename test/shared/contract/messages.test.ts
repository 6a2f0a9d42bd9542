import { describe, expect, it } from 'vitest';
import { decodeAlert } from '@bellwether/shared/contract/alert';
import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { decodeEvent } from '@bellwether/shared/contract/event';
import { decodeFleetReleases } from '@bellwether/shared/contract/fleet-releases';
import { decodeFleetRollout } from '@bellwether/shared/contract/fleet-rollout';
import { EnrolmentPayload, SessionPayload, SessionReply, TimePayload } from '@bellwether/shared/contract/http-api';
import { decodeOnlineKeys, publicKeysFor } from '@bellwether/shared/contract/online-keys';
import { decodeOrder } from '@bellwether/shared/contract/order';
import { decodePresence } from '@bellwether/shared/contract/presence';
import { decodeReceipt } from '@bellwether/shared/contract/receipt';
import { decodeReport } from '@bellwether/shared/contract/report';
import { decodeWindow } from '@bellwether/shared/contract/window';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import { Compile } from '@bellwether/shared/schema';
import { readVector } from '../../support/vectors.js';

type Decode = (bytes: Uint8Array) => unknown;
type Document = Record<string, unknown>;

const limits = { what: 'payload', maxBytes: 100_000 };
const payload = {
  enrolment: Compile(EnrolmentPayload),
  session: Compile(SessionPayload),
  reply: Compile(SessionReply),
  time: Compile(TimePayload),
};

/** Every message between processes: its golden document, and its reader. `optional`: fields that may be left out. */
const messages: readonly { readonly name: string; readonly decode: Decode; readonly optional?: readonly string[] }[] = [
  { name: 'order', decode: decodeOrder, optional: ['settings'] },
  { name: 'order-empty', decode: decodeOrder, optional: ['empty'] },
  { name: 'online-keys', decode: decodeOnlineKeys },
  { name: 'presence', decode: decodePresence },
  { name: 'event', decode: decodeEvent, optional: ['release', 'code'] },
  { name: 'report', decode: decodeReport },
  { name: 'receipt', decode: decodeReceipt },
  {
    name: 'window',
    decode: decodeWindow,
    optional: ['wallStartMs', 'clock', 'features', 'rejected', 'shed', 'outbox'],
  },
  { name: 'alert', decode: decodeAlert },
  { name: 'fleet-rollout', decode: decodeFleetRollout },
  { name: 'fleet-releases', decode: decodeFleetReleases },
  { name: 'manifest', decode: decodeManifest, optional: ['description', 'benchmark', 'reference', 'interpretation'] },
  { name: 'enrolment-payload', decode: (bytes) => decodeDocument(payload.enrolment, bytes, limits) },
  { name: 'session-payload', decode: (bytes) => decodeDocument(payload.session, bytes, limits) },
  { name: 'session-reply', decode: (bytes) => decodeDocument(payload.reply, bytes, limits) },
  { name: 'time-payload', decode: (bytes) => decodeDocument(payload.time, bytes, limits) },
];

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const without = (document: Document, key: string): Document =>
  Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));

describe.each(messages)('the golden $name', ({ name, decode, optional = [] }) => {
  const document = readVector<Document>(`contract/${name}`);

  it('is read as it was written', () => {
    expect(decode(bytesOf(document))).toEqual(document);
  });

  it('keeps fields that this version does not know', () => {
    const newer = { ...document, 'x-newer': { a: 1 } };
    expect(decode(bytesOf(newer))).toEqual(newer);
  });

  it.each(Object.keys(document))('needs %s, unless it is optional', (key) => {
    const shorter = bytesOf(without(document, key));
    if (optional.includes(key)) expect(() => decode(shorter)).not.toThrow();
    else expect(() => decode(shorter)).toThrow(new RegExp(`\\b${key}\\b`));
  });

  it.each(Object.keys(document).filter((key) => key !== 'time'))('refuses another type of %s, and names it', (key) => {
    expect(() => decode(bytesOf({ ...document, [key]: -1 }))).toThrow(new RegExp(`/${key}\\b`));
  });

  it('is refused when it is too large', () => {
    const large = Buffer.concat([bytesOf(document), Buffer.alloc(300_000, ' ')]);
    expect(() => decode(large)).toThrow(DecodeError);
  });
});

describe('orders', () => {
  const order = readVector<Document>('contract/order');

  it('may set nothing but what T-5 lists, within its bounds', () => {
    const withSettings = (settings: Document) => () => decodeOrder(bytesOf({ ...order, settings }));
    expect(withSettings({})).not.toThrow();
    expect(withSettings({ windowSeconds: 0 })).toThrow(/windowSeconds/);
    expect(withSettings({ windowSeconds: 3601 })).toThrow(/windowSeconds/);
    expect(withSettings({ governorCpuPct: 101 })).toThrow(/governorCpuPct/);
    expect(withSettings({ stage: 'staging' })).toThrow(/unknown field stage/);
  });

  it('names models as paths and topics bear them', () => {
    const stable = { version: '1.0.0', manifest: 'a'.repeat(64) };
    for (const name of ['../x', 'A', '', 'a/b', 'a'.repeat(64)]) {
      expect(() => decodeOrder(bytesOf({ ...order, models: { [name]: { stable } } }))).toThrow(DecodeError);
    }
  });
});

describe('online keys', () => {
  it('are taken by use', () => {
    const keys = decodeOnlineKeys(bytesOf(readVector('contract/online-keys')));
    expect(publicKeysFor(keys, 'director')).toEqual(['d'.repeat(64)]);
    expect(publicKeysFor(keys, 'adjuster')).toEqual([]);
  });
});
