import type { Clock } from '@bellwether/shared/clock';
import { blobPath } from '@bellwether/shared/contract/http-api';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import type { Log } from '@bellwether/shared/log';
import { type Backoff, backoffMs } from '../reconcile/backoff.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import type { MeasuredFile } from './admission.js';
import type { ArtefactAccess } from './artifact-access.js';
import type { Artifacts, WantedBlob } from './artifacts.js';
import { PartFile } from './part-file-disk.js';
import { judgeReply } from './range-reply.js';
import { StallGuard } from './stall-guard.js';
import { TransferMeter } from './transfer-meter.js';

const attemptBackoff: Backoff = { firstMs: 500, maxMs: 60_000 };
/** A server may ask for more patience than this; the install's own back-off has it then. */
const maxRetryAfterMs = 15 * 60_000;

export interface HttpArtifactsOptions {
  /** Of the artefact plane. */
  readonly baseUrl: string;
  readonly blobFolder: string;
  /** node:fs by default. */
  readonly files?: DiskFiles;
  /** Requests per blob and install attempt. */
  readonly maxAttempts: number;
  /** 0: no cap. */
  readonly maxBytesPerSecond: number;
  /** Without a byte for this long, a connection is given up. */
  readonly stallMs: number;
  /** Left out where the artefact plane is open to anybody. */
  readonly access?: ArtefactAccess;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Artefacts over HTTP(S): resumed by range across restarts, within attempt and byte budgets. */
export class HttpArtifacts implements Artifacts {
  readonly #options: HttpArtifactsOptions;

  constructor(options: HttpArtifactsOptions) {
    this.#options = options;
  }

  async fetch(blob: WantedBlob, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<MeasuredFile> {
    try {
      return await this.#fetch(blob, signal, onBytes);
    } catch (error) {
      signal.throwIfAborted();
      throw asDiskRefusal(error) ?? error;
    }
  }

  async #fetch(blob: WantedBlob, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<MeasuredFile> {
    const { blobFolder: folder, files: disk = nodeFiles } = this.#options;
    const part = await PartFile.open({ disk, folder, sha256: blob.sha256, maxBytes: blob.bytes }, signal);
    try {
      const isOld = part.bytes > 0;
      await this.#complete(part, blob, signal, onBytes);
      // Bytes of an earlier run may have been torn by a power cut: only what came in this run speaks for the server.
      if (isOld && part.measured().sha256 !== blob.sha256) {
        await part.restart();
        await this.#complete(part, blob, signal, onBytes);
      }
      const measured = part.measured();
      if (measured.sha256 !== blob.sha256) {
        await part.discard();
        const message = `${this.#url(blob)} has the digest ${measured.sha256}, ${blob.sha256} is signed`;
        throw new AdmissionRefusal(`${blob.kind}-digest`, message);
      }
      await part.place();
      return measured;
    } finally {
      await part.close();
    }
  }

  /** Requests until the part has every byte. */
  async #complete(part: PartFile, blob: WantedBlob, signal: AbortSignal, onBytes: (n: number) => void): Promise<void> {
    const { maxAttempts, clock, random, log } = this.#options;
    const meter = new TransferMeter({ ...this.#options, blobBytes: blob.bytes, onBytes, signal });
    let why = '';
    for (let attempt = 1; part.bytes < blob.bytes; attempt++) {
      if (attempt > maxAttempts || meter.isOverBudget) {
        const text = `${this.#url(blob)}: gave up after ${attempt - 1} attempts and ${meter.received} bytes; ${why}`;
        throw new AdmissionRefusal('network', text);
      }
      const failure = await this.#attempt(part, blob, meter, signal);
      if (failure === undefined) continue;
      why = failure.why;
      const delayMs = failure.afterMs ?? backoffMs(attemptBackoff, attempt, random());
      log.info({ blob: blob.sha256, attempt, why, delayMs, bytes: part.bytes }, 'download interrupted');
      await clock.sleep(Math.min(delayMs, maxRetryAfterMs), signal);
      signal.throwIfAborted();
    }
  }

  /** One request; answers why it did not bring everything. Throws AdmissionRefusal where asking again makes no sense. */
  async #attempt(
    part: PartFile,
    blob: WantedBlob,
    meter: TransferMeter,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const { clock, stallMs, access } = this.#options;
    const stall = new StallGuard(clock, stallMs);
    stall.watch();
    try {
      const abort = AbortSignal.any([signal, stall.signal]);
      const response = await fetch(this.#url(blob), {
        headers: {
          ...(await access?.headers(abort)),
          'accept-encoding': 'identity',
          ...(part.bytes > 0 ? { range: `bytes=${part.bytes}-` } : {}),
        },
        signal: abort,
      });
      if (response.status === 401 && access?.renew() === true) {
        await response.body?.cancel();
        return { why: 'the token was no good any more', afterMs: 0 };
      }
      const reply = { status: response.status, header: (name: string) => response.headers.get(name) };
      const asked = { offset: part.bytes, bytes: blob.bytes, nowMs: clock.now().wallMs };
      const verdict = judgeReply(reply, asked);
      if (verdict.kind !== 'body') await response.body?.cancel();
      switch (verdict.kind) {
        case 'final':
          throw new AdmissionRefusal('network', `${this.#url(blob)}: ${verdict.why}`);
        case 'size':
          throw new AdmissionRefusal(`${blob.kind}-size`, `${this.#url(blob)}: ${verdict.why}`);
        case 'retry':
          return { why: verdict.why, afterMs: verdict.afterMs };
        case 'restart':
          await part.restart();
          return { why: verdict.why, afterMs: null };
        case 'body':
          if (verdict.offset !== part.bytes) await part.restart();
          return await this.#receive(part, blob, response.body ?? emptyBody(), { meter, stall });
      }
    } catch (error) {
      if (error instanceof AdmissionRefusal || asDiskRefusal(error) !== undefined) throw error;
      signal.throwIfAborted();
      return { why: stall.signal.aborted ? `no byte for ${stallMs} ms` : reasonOf(error), afterMs: null };
    } finally {
      stall.rest();
    }
  }

  async #receive(
    part: PartFile,
    blob: WantedBlob,
    body: AsyncIterable<Uint8Array>,
    { meter, stall }: { readonly meter: TransferMeter; readonly stall: StallGuard },
  ): Promise<Failure | undefined> {
    for await (const chunk of body) {
      stall.rest();
      if (part.bytes + chunk.byteLength > blob.bytes) {
        // The size cap holds while streaming: a body without a length must not fill the disk.
        await part.discard();
        throw new AdmissionRefusal(
          `${blob.kind}-size`,
          `${this.#url(blob)} sends more than the signed ${blob.bytes} bytes`,
        );
      }
      await part.append(chunk);
      await meter.count(chunk.byteLength, part.bytes);
      if (meter.isOverBudget) break;
      stall.watch();
    }
    return part.bytes === blob.bytes
      ? undefined
      : { why: `the body ended at byte ${part.bytes} of ${blob.bytes}`, afterMs: null };
  }

  #url(blob: WantedBlob): string {
    return `${this.#options.baseUrl.replace(/\/+$/, '')}${blobPath}${blob.sha256}`;
  }
}

interface Failure {
  readonly why: string;
  /** The server's wish; null: our own back-off. */
  readonly afterMs: number | null;
}

/** A disk that is full, read-only or broken is a refusal of its own, and passes. */
function asDiskRefusal(error: unknown): AdmissionRefusal | undefined {
  const code = codeOf(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EROFS' && code !== 'EIO' && code !== 'EACCES')
    return undefined;
  return new AdmissionRefusal('disk', `cannot write the blob: ${messageOf(error)}`, { cause: error });
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** fetch says "fetch failed"; why is in the cause. */
function reasonOf(thrown: unknown): string {
  const inner = thrown instanceof Error ? thrown.cause : undefined;
  return inner === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${messageOf(inner)}`;
}
