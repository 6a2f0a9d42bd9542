import { CodedError, messageOf } from '../errors.js';
import { sha256 } from '../signing/digest.js';
import { EnvelopeError, openEnvelope } from '../signing/envelope.js';
import { DecodeError } from './decode.js';
import { decodeReceipt, maxReceiptBytes, type Receipt } from './receipt.js';
import type { Report } from './report.js';

/**
 * `missing`: the report came without a receipt. `envelope`: not signed by the device's key. `malformed`: signed, and no
 * receipt. `other-report`: a receipt of another report, or of another device.
 */
export type ReceiptErrorCode = 'missing' | 'envelope' | 'malformed' | 'other-report';
export class ReceiptError extends CodedError<ReceiptErrorCode> {}

/** A receipt whose signature has passed; `digest` is SHA-256 of its payload: what the next one names as `previous`. */
export interface OpenedReceipt {
  readonly receipt: Receipt;
  readonly digest: string;
}

/** Base64 and the envelope's own fields around the largest payload. */
const maxEnvelopeBytes = Math.ceil((maxReceiptBytes * 4) / 3) + 2048;

/** SHA-256 of a report without its receipt, as JSON with sorted keys and without spaces: it survives being parsed and written again. */
export function reportDigest(report: Omit<Report, 'receipt'>): string {
  const { receipt: _receipt, ...signed }: Omit<Report, 'receipt'> & { readonly receipt?: unknown } = report;
  return sha256(Buffer.from(sortedJson(signed)));
}

/** Opens the receipt that came with a report [T-12]: signature by the device's key, form, and that it is of this report. Throws ReceiptError. */
export function openReceipt(report: Report, publicKey: string): OpenedReceipt {
  if (report.receipt === null) throw new ReceiptError('missing', `report ${report.sequence} came without a receipt`);
  const { payload } = openSigned(Buffer.from(JSON.stringify(report.receipt)), publicKey);
  const receipt = decodePayload(payload);
  const { device, runId } = report;
  if (receipt.report !== reportDigest(report) || receipt.device !== device || receipt.runId !== runId) {
    throw new ReceiptError(
      'other-report',
      `receipt ${receipt.number} is not of report ${report.sequence} of ${device}`,
    );
  }
  return { receipt, digest: sha256(payload) };
}

/** What a server has kept of a device's chain, as far as one receipt is concerned. */
export interface KnownReceipts {
  /** The one with the highest number. */
  readonly last: { readonly number: number; readonly digest: string } | null;
  /** Digest of the one with the same number. */
  readonly sameNumber: string | undefined;
  /** Digest of the one with the same `previous`. */
  readonly samePredecessor: string | undefined;
}

/**
 * `first`: nothing is known of the device. `next`: it follows the last one. `repeat`: the same one again. `gap`: receipts
 * before it never arrived. `late`: it is one of those. `clone`: two receipts with one predecessor or one number, so two
 * machines hold the key, or one was set back to an older state.
 */
export type ReceiptVerdict = 'first' | 'next' | 'repeat' | 'gap' | 'late' | 'clone';

/** Where a receipt stands in its device's chain. Arrivals in any order and twice give the same clones. */
export function judgeReceipt(
  { receipt: { number, previous }, digest }: OpenedReceipt,
  { last, sameNumber, samePredecessor }: KnownReceipts,
): ReceiptVerdict {
  if (sameNumber === digest) return 'repeat';
  if (sameNumber !== undefined || samePredecessor !== undefined) return 'clone';
  if (last === null) return 'first';
  if (number === last.number + 1) return previous === last.digest ? 'next' : 'clone';
  return number > last.number ? 'gap' : 'late';
}

function openSigned(bytes: Uint8Array, publicKey: string): { readonly payload: Uint8Array } {
  try {
    return openEnvelope('receipt', bytes, [publicKey], maxEnvelopeBytes);
  } catch (cause) {
    if (!(cause instanceof EnvelopeError)) throw cause;
    throw new ReceiptError('envelope', `receipt: ${cause.message}`, { cause });
  }
}

function decodePayload(payload: Uint8Array): Receipt {
  let receipt: Receipt;
  try {
    receipt = decodeReceipt(payload);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new ReceiptError('malformed', messageOf(cause), { cause });
  }
  if ((receipt.number === 1) !== (receipt.previous === null)) {
    throw new ReceiptError('malformed', `receipt ${receipt.number} has ${receipt.previous ?? 'no'} predecessor`);
  }
  return receipt;
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
