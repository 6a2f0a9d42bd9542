import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReceipt, type Receipt } from '@bellwether/shared/contract/receipt';
import {
  judgeReceipt,
  type KnownReceipts,
  openReceipt,
  ReceiptError,
  type ReceiptVerdict,
  reportDigest,
} from '@bellwether/shared/contract/receipt-chain';
import { decodeReport, type Report } from '@bellwether/shared/contract/report';
import type { Envelope } from '@bellwether/shared/signing/envelope';
import { type PayloadType, sealEnvelope } from '@bellwether/shared/signing/envelope';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { readVector } from '../../support/vectors.js';

const golden = readVector<{ reportDigest: string; digest: string; envelope: Envelope }>('receipt');
const goldenReceipt = readVector<Receipt>('contract/receipt');
const report: Report = { ...readVector<Report>('contract/report'), receipt: golden.envelope };
const rfcPublicKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const key = generateKeyPair();

function refusal(of: Report, publicKey = key.publicKey): unknown {
  try {
    openReceipt(of, publicKey);
  } catch (error) {
    return error instanceof ReceiptError ? error.code : error;
  }
  return 'opened';
}

/** The golden report with a receipt that `key` has signed over these changes. */
function signed(changes: Partial<Receipt>, type: PayloadType = 'receipt'): Report {
  const bytes = sealEnvelope(type, { ...goldenReceipt, ...changes }, [key]);
  return { ...report, receipt: JSON.parse(Buffer.from(bytes).toString()) as Envelope };
}

describe('a receipt', () => {
  it('opens as the golden one, which openssl signed', () => {
    const { receipt, digest } = openReceipt(report, rfcPublicKey);
    expect(receipt).toEqual(goldenReceipt);
    expect(digest).toBe(golden.digest);
    expect(reportDigest(report)).toBe(golden.reportDigest);
  });

  it('still fits its report after that was read and written again, whatever the order of its fields', () => {
    const turned = Object.fromEntries(Object.entries(report).toReversed());
    const read = decodeReport(Buffer.from(JSON.stringify(turned)));
    expect(openReceipt(read, rfcPublicKey).receipt.number).toBe(42);
  });

  it('signs every field of the report', () => {
    const changed: Report = { ...report, health: 'ok' };
    expect(refusal(changed, rfcPublicKey)).toBe('other-report');
  });

  it('is refused when another key has signed it', () => {
    expect(refusal(report)).toBe('envelope');
  });

  it('is refused under another payload type, although the device has signed it', () => {
    expect(refusal(signed({}))).toBe('opened');
    expect(refusal(signed({}, 'session'))).toBe('envelope');
  });

  it('is refused on a report of another device or another start', () => {
    expect(refusal(signed({ device: 'other-0123456789abcdef' }))).toBe('other-report');
    expect(refusal(signed({ runId: 'f'.repeat(32) }))).toBe('other-report');
  });

  it('is refused when the first has a predecessor, or a later one has none', () => {
    expect(refusal(signed({ number: 1, previous: null }))).toBe('opened');
    expect(refusal(signed({ number: 1 }))).toBe('malformed');
    expect(refusal(signed({ previous: null }))).toBe('malformed');
    expect(refusal(signed({ served: 'all' as unknown as [] }))).toBe('malformed');
  });

  it('may be missing, and that has its own code', () => {
    expect(refusal({ ...report, receipt: null })).toBe('missing');
  });
});

/** A server that keeps everything it was shown. */
class Shelf {
  readonly #kept: { number: number; previous: string | null; digest: string }[] = [];

  take(number: number, previous: string | null, digest: string): ReceiptVerdict {
    const known: KnownReceipts = {
      last: this.#kept.toSorted((a, b) => b.number - a.number)[0] ?? null,
      sameNumber: this.#kept.find((each) => each.number === number)?.digest,
      samePredecessor: this.#kept.find((each) => each.previous === previous)?.digest,
    };
    const verdict = judgeReceipt({ receipt: { ...goldenReceipt, number, previous }, digest }, known);
    if (verdict !== 'repeat') this.#kept.push({ number, previous, digest });
    return verdict;
  }
}

type Link = readonly [number: number, previous: string | null, digest: string];
const linkOf = (...link: Link): Link => link;

describe('a chain of receipts', () => {
  it('goes on link by link, and a link that comes twice is the same one', () => {
    const shelf = new Shelf();
    expect(shelf.take(1, null, 'a')).toBe('first');
    expect(shelf.take(2, 'a', 'b')).toBe('next');
    expect(shelf.take(2, 'a', 'b')).toBe('repeat');
    expect(shelf.take(1, null, 'a')).toBe('repeat');
  });

  it('may have lost links, which may come late', () => {
    const shelf = new Shelf();
    shelf.take(1, null, 'a');
    expect(shelf.take(4, 'c', 'd')).toBe('gap');
    expect(shelf.take(3, 'b', 'c')).toBe('late');
    expect(shelf.take(5, 'd', 'e')).toBe('next');
  });

  it('has a clone when two links have one predecessor', () => {
    const shelf = new Shelf();
    shelf.take(1, null, 'a');
    shelf.take(2, 'a', 'b');
    expect(shelf.take(2, 'a', 'other')).toBe('clone');
  });

  it('has a clone when a link follows a brother of the last one, which never arrived', () => {
    const shelf = new Shelf();
    shelf.take(1, null, 'a');
    shelf.take(2, 'a', 'b');
    expect(shelf.take(3, 'other', 'c')).toBe('clone');
  });

  it('has a clone when a device was set back, or began anew', () => {
    const shelf = new Shelf();
    for (const [number, previous, digest] of [
      [1, null, 'a'],
      [2, 'a', 'b'],
      [3, 'b', 'c'],
    ] as const) {
      shelf.take(number, previous, digest);
    }
    expect(shelf.take(2, 'a', 'again')).toBe('clone');
    expect(shelf.take(1, null, 'anew')).toBe('clone');
  });

  it('has no clone, however an honest chain is shuffled, repeated and thinned', () => {
    const links = Array.from({ length: 12 }, (_, i) => linkOf(i + 1, i === 0 ? null : `d${i}`, `d${i + 1}`));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...links), { maxLength: 40 }), (arrivals) => {
        const shelf = new Shelf();
        expect(arrivals.map((link) => shelf.take(...link))).not.toContain('clone');
      }),
    );
  });

  it('has a clone, in whatever order two machines that went on from one link are heard', () => {
    const common = Array.from({ length: 3 }, (_, i) => linkOf(i + 1, i === 0 ? null : `d${i}`, `d${i + 1}`));
    const branch = (name: string) =>
      Array.from({ length: 4 }, (_, i) => linkOf(i + 4, i === 0 ? 'd3' : `${name}${i + 3}`, `${name}${i + 4}`));
    fc.assert(
      fc.property(fc.shuffledSubarray([...common, ...branch('x'), ...branch('y')], { minLength: 11 }), (arrivals) => {
        const shelf = new Shelf();
        expect(arrivals.map((link) => shelf.take(...link))).toContain('clone');
      }),
    );
  });
});

describe('the receipt document', () => {
  it('holds the counters of no more than 128 releases', () => {
    const [one] = goldenReceipt.served;
    const bytes = (releases: number) =>
      Buffer.from(JSON.stringify({ ...goldenReceipt, served: Array.from({ length: releases }, () => one) }));
    expect(decodeReceipt(bytes(128)).served).toHaveLength(128);
    expect(() => decodeReceipt(bytes(129))).toThrow(/served/);
  });
});
