import { readFile } from 'node:fs/promises';
import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import type { Receipt } from '@bellwether/shared/contract/receipt';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { hex64Pattern } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import { Envelope } from '@bellwether/shared/signing/envelope';
import type { Identity } from './identity.js';
import type { ReceiptChain, ReceiptFacts } from './receipt-chain.js';

/** `receipts.json`: the newest link, whether it has reached the server or not. */
const ChainEnd = Type.Object(
  { version: Type.Literal(1), number: Type.Integer({ minimum: 1 }), digest: Type.String({ pattern: hex64Pattern }) },
  { additionalProperties: false },
);
type ChainEnd = Static<typeof ChainEnd>;

const compiledEnd = Compile(ChainEnd);
const compiledEnvelope = Compile(Envelope);

export interface ReceiptChainParts {
  readonly path: string;
  readonly identity: Pick<Identity, 'device' | 'seal'>;
  /** Replaces a file as one; durable when it resolves. */
  readonly replaceFile: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly log: Log;
}

/**
 * Opens the chain in a file. One that cannot be read begins anew, since a device must serve and report all the same; the
 * server sees that as a clone, and a person looks.
 */
export async function openReceiptChain(parts: ReceiptChainParts): Promise<ReceiptChain> {
  return new ReceiptChainDisk(parts, await readEnd(parts));
}

class ReceiptChainDisk implements ReceiptChain {
  readonly #parts: ReceiptChainParts;
  #end: ChainEnd | undefined;

  constructor(parts: ReceiptChainParts, end: ChainEnd | undefined) {
    this.#parts = parts;
    this.#end = end;
  }

  async next(facts: ReceiptFacts): Promise<Envelope> {
    const { identity, path, replaceFile } = this.#parts;
    const receipt: Receipt = {
      schema: 'bellwether.receipt.v1',
      device: identity.device,
      number: (this.#end?.number ?? 0) + 1,
      previous: this.#end?.digest ?? null,
      ...facts,
    };
    const sealed = identity.seal('receipt', receipt);
    const envelope = decodeDocument(compiledEnvelope, sealed, { what: 'receipt', maxBytes: sealed.byteLength });
    const digest = sha256(Buffer.from(envelope.payload, 'base64'));
    const end: ChainEnd = { version: 1, number: receipt.number, digest };
    await replaceFile(path, Buffer.from(`${JSON.stringify(end)}\n`));
    this.#end = end;
    return envelope;
  }
}

async function readEnd({ path, log }: ReceiptChainParts): Promise<ChainEnd | undefined> {
  try {
    return decodeDocument(compiledEnd, await readFile(path), { what: path, maxBytes: 4096 });
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    if (!(cause instanceof DecodeError)) throw cause;
    log.error({ err: messageOf(cause) }, 'the chain of receipts cannot be read and begins anew');
    return undefined;
  }
}
