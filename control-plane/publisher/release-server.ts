import type { Readable } from 'node:stream';
import { CodedError } from '@bellwether/shared/errors';
import type { ServerKeyUse } from '../catalog/repository-layout.js';
import type { TrustChange } from '../catalog/trust-change.js';

/** The server's refusal in its own words (RFC 9457): `code` is the server's. */
export class ServerRefusal extends CodedError<string> {
  readonly status: number;

  constructor(problem: { readonly status: number; readonly code: string; readonly detail: string }) {
    super(problem.code, problem.detail);
    this.status = problem.status;
  }
}

/** The server cannot be reached, or what answers is not Bellwether. */
export class ServerError extends CodedError<'network' | 'bad-reply'> {}

/** What publishing and approving ask of a server. All throw ServerRefusal or ServerError. */
export interface ReleaseServer {
  hasBlob(sha256: string): Promise<boolean>;
  /** `content` yields exactly `bytes` bytes. */
  putBlob(sha256: string, bytes: number, content: Readable): Promise<void>;
  /** A blob's bytes, unverified. */
  getBlob(sha256: string): Promise<AsyncIterable<Uint8Array>>;
  /** Throws ServerRefusal `role-changed` when the base is stale. */
  publishRole(role: string, metadata: Uint8Array): Promise<void>;
  /** The public key of the successor of one of the server's own keys. */
  nextOnlineKey(use: ServerKeyUse): Promise<string>;
  /** Throws ServerRefusal `role-changed` when a base is stale, `role-would-fail` and others. */
  changeTrust(change: TrustChange): Promise<void>;
}
