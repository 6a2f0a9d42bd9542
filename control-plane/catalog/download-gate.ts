import type { Clock } from '@bellwether/shared/clock';
import { blobPath } from '@bellwether/shared/contract/http-api';
import { CodedError } from '@bellwether/shared/errors';
import { isSignedPath, signPath, type UrlSignature } from './signed-url.js';

/** How long a URL for the CDN is good for: one download of a large blob, with its interruptions. */
const urlLifetimeMs = 3_600_000;
/** URLs of one stretch are the same, so that a CDN's cache can use them. */
const urlStepMs = 600_000;

export type DownloadErrorCode = 'download-token-missing' | 'download-url-invalid';

/** A download without a right to it. */
export class DownloadError extends CodedError<DownloadErrorCode> {}

/** What a download shows. */
export interface DownloadRequest {
  readonly sha256: string;
  readonly authorization: string | undefined;
  readonly url: Partial<UrlSignature>;
}

/** By what a download is allowed. */
export type DownloadRight = 'public' | 'url' | 'device' | 'operator';

interface DownloadGateParts {
  readonly clock: Clock;
  /** Of signed URLs; a CDN's edge may hold it too. */
  readonly urlSecret: string;
  /** The CDN's base URL, to which devices are sent; undefined when they download from here. */
  readonly cdnUrl: string | undefined;
  /** True for what a device must have before it can log in: keys/online.json, which the root vouches for. */
  readonly isPublic: (sha256: string) => boolean;
  /** Throws unless the token is an operator's. */
  readonly admitOperator: (token: string) => void;
  /** Throws unless the token is an approved device's, for the audience `artefacts`. */
  readonly admitDevice: (token: string) => Promise<void>;
}

/**
 * Who may download blobs [T-11]: a model is its owner's property, and its bytes go to devices of the fleet, to operators,
 * and to whoever holds a signed URL. Metadata is public: it is signed, and a device must read it before it can log in.
 */
export class DownloadGate {
  readonly #parts: DownloadGateParts;

  constructor(parts: DownloadGateParts) {
    this.#parts = parts;
  }

  /** Throws DownloadError, or what `admitOperator` and `admitDevice` throw. */
  async judge({ sha256, authorization, url }: DownloadRequest): Promise<DownloadRight> {
    const { clock, urlSecret, isPublic, admitOperator, admitDevice } = this.#parts;
    if (isPublic(sha256)) return 'public';
    if (url.signature !== undefined || url.expires !== undefined) {
      const given = { expires: url.expires ?? '', signature: url.signature ?? '' };
      if (isSignedPath(urlSecret, blobPath + sha256, given, clock.now().wallMs)) return 'url';
      throw new DownloadError('download-url-invalid', 'this URL is not signed for this path, or has expired');
    }
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new DownloadError(
        'download-token-missing',
        'a download needs a session token with the audience artefacts, a signed URL, or an operator’s token',
      );
    }
    if (!isSessionToken(token)) {
      admitOperator(token);
      return 'operator';
    }
    await admitDevice(token);
    return 'device';
  }

  /** Where the CDN has the blob, signed; undefined without a CDN. */
  cdnLocation(sha256: string): string | undefined {
    const { clock, urlSecret, cdnUrl } = this.#parts;
    if (cdnUrl === undefined) return undefined;
    const path = blobPath + sha256;
    const fromMs = Math.floor(clock.now().wallMs / urlStepMs) * urlStepMs;
    const { expires, signature } = signPath(urlSecret, path, fromMs + urlStepMs + urlLifetimeMs);
    return `${cdnUrl.replace(/\/+$/, '')}${path}?expires=${expires}&signature=${signature}`;
  }
}

/** A JWT has three parts (RFC 7519 §3); no operator's token has a dot. */
function isSessionToken(token: string): boolean {
  return token.split('.').length === 3;
}
