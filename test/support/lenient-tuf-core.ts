import { verify } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import type { TrustGuards } from '@bellwether/agent/trust/device-trust-disk';
import { AdmissionRefusal } from '@bellwether/agent/trust/refusal';
import { type MetadataCore, TufCore } from '@bellwether/agent/trust/repository-tuf-core';
import { TrustedMetadataStore } from '@bellwether/agent/trust/repository-tuf-store';
import { updateMetadata } from '@bellwether/agent/trust/repository-tuf-workflow';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { RootSigned, TargetsSigned } from './signed-repository.js';

/** A rule of TUF (specification 1.0.x §5) that a lenient core can leave out. */
export type TufRule = 'signatures' | 'versions' | 'expiry' | 'hashes';

interface Signed {
  readonly version: number;
  readonly expires: string;
}
interface File<T> {
  readonly signed: T & Signed;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}
interface Meta {
  readonly version: number;
  readonly length?: number;
  readonly hashes?: { readonly sha256: string };
}
interface MetaSigned {
  readonly meta: Readonly<Record<string, Meta>>;
}
type Keys = RootSigned['keys'];
interface Signers {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

/** TUF's client rules once more, small and apart from tuf-js, with one of them left out: the permissive guard of controls. */
class LenientCore implements MetadataCore {
  readonly #leftOut: TufRule | undefined;
  readonly #nowMs: number;
  #root: File<RootSigned>;
  #timestamp: File<MetaSigned> | undefined;
  #snapshot: File<MetaSigned> | undefined;
  #targets: File<TargetsSigned> | undefined;

  constructor(root: Uint8Array, nowMs: number, leftOut: TufRule | undefined) {
    this.#root = parse(root);
    this.#nowMs = nowMs;
    this.#leftOut = leftOut;
  }

  get onlineTrust() {
    const { version, roles } = this.#root.signed;
    return { version, timestamp: roles.timestamp.keyids, snapshot: roles.snapshot.keyids };
  }

  get snapshotMeta() {
    return this.#timestamp?.signed.meta['snapshot.json'] as never;
  }

  metaOf(roleName: string) {
    return this.#snapshot?.signed.meta[`${roleName}.json`] as never;
  }

  isDelegated(roleName: string): boolean {
    return this.#delegation(roleName) !== undefined;
  }

  updateRoot(bytes: Uint8Array): void {
    const next = parse<RootSigned>(bytes);
    for (const by of [this.#root, next]) this.#requireSigned(next, by.signed.roles.root, by.signed.keys);
    this.#require('versions', next.signed.version === this.#root.signed.version + 1);
    this.#root = next;
  }

  updateTimestamp(bytes: Uint8Array): boolean {
    const next = parse<MetaSigned>(bytes);
    const before = this.#timestamp?.signed;
    this.#requireSigned(next, this.#root.signed.roles.timestamp, this.#root.signed.keys);
    this.#require('versions', next.signed.version >= (before?.version ?? 0));
    if (next.signed.version === before?.version) return false;
    this.#timestamp = next;
    this.#requireFresh(next);
    return true;
  }

  updateSnapshot(bytes: Uint8Array, trusted: boolean): void {
    const meta = this.#timestamp?.signed.meta['snapshot.json'];
    const next = parse<MetaSigned>(bytes);
    if (!trusted) this.#requireMatch(bytes, meta);
    this.#requireSigned(next, this.#root.signed.roles.snapshot, this.#root.signed.keys);
    for (const [name, { version }] of Object.entries(this.#snapshot?.signed.meta ?? {})) {
      this.#require('versions', (next.signed.meta[name]?.version ?? 0) >= version);
    }
    this.#snapshot = next;
    this.#require('hashes', next.signed.version === meta?.version);
    this.#requireFresh(next);
  }

  updateTargets(bytes: Uint8Array, roleName: string): void {
    const meta = this.#snapshot?.signed.meta[`${roleName}.json`];
    const next = parse<TargetsSigned>(bytes);
    this.#requireMatch(bytes, meta);
    this.#require('hashes', next.signed.version === meta?.version);
    if (roleName === 'targets') {
      this.#requireSigned(next, this.#root.signed.roles.targets, this.#root.signed.keys);
      this.#targets = next;
    } else {
      const signers = this.#delegation(roleName) ?? { keyids: [], threshold: 1 };
      this.#requireSigned(next, signers, this.#targets?.signed.delegations?.keys ?? {});
    }
    this.#requireFresh(next);
  }

  #delegation(roleName: string) {
    return this.#targets?.signed.delegations?.roles.find(({ name }) => name === roleName);
  }

  #requireSigned({ signed, signatures }: File<unknown>, { keyids, threshold }: Signers, keys: Keys): void {
    const message = Buffer.from(canonicalize(signed));
    const by = keyids.filter((id) =>
      signatures.some(({ keyid, sig }) => keyid === id && isSignature(keys[id]?.keyval.public, message, sig)),
    );
    this.#require('signatures', by.length >= threshold);
  }

  #requireMatch(bytes: Uint8Array, meta: Meta | undefined): void {
    const { length = bytes.byteLength, hashes = { sha256: sha256(bytes) } } = meta ?? {};
    this.#require('hashes', meta !== undefined && length === bytes.byteLength && hashes.sha256 === sha256(bytes));
  }

  #requireFresh({ signed }: File<unknown>): void {
    this.#require('expiry', Date.parse(signed.expires) > this.#nowMs);
  }

  #require(rule: TufRule, holds: boolean): void {
    if (holds || rule === this.#leftOut) return;
    throw new AdmissionRefusal(rule === 'expiry' ? 'metadata-stale' : 'metadata-refused', `lenient core: ${rule}`);
  }
}

/** The TUF verification with one rule left out (none, without an argument), in the place of tuf-js in its thread. */
export function tufWithout(rule?: TufRule): TrustGuards['update'] {
  return (request, fetchFile) => {
    // Without digests a stored file would pass for the newest one, and nothing would be fetched.
    const asked = rule === 'hashes' ? { ...request, stored: { ...request.stored, current: null } } : request;
    return updateMetadata(asked, fetchFile, (root, nowMs) => new LenientCore(root, nowMs, rule));
  };
}

/** tuf-js as it is, with nothing before it that looks at sizes and counts. */
export const unlimitedTuf: TrustGuards['update'] = (request, fetchFile) =>
  updateMetadata(
    request,
    (name) => fetchFile(name, 64 * 1024 ** 2),
    (root, nowMs) => new UnlimitedCore(root, nowMs),
  );

class UnlimitedCore extends TufCore {
  readonly #store: TrustedMetadataStore;

  constructor(root: Uint8Array, nowMs: number) {
    super(root, nowMs);
    this.#store = new TrustedMetadataStore(Buffer.from(root));
  }

  override updateRoot(bytes: Uint8Array): void {
    try {
      this.#store.updateRoot(Buffer.from(bytes));
    } catch (cause) {
      throw new AdmissionRefusal('metadata-refused', 'tuf-js has refused it, after its own time', { cause });
    }
  }
}

function parse<T>(bytes: Uint8Array): File<T> {
  return JSON.parse(Buffer.from(bytes).toString()) as File<T>;
}

function isSignature(publicKey: string | undefined, message: Uint8Array, sig: string): boolean {
  const x = Buffer.from(publicKey ?? '', 'hex').toString('base64url');
  const key = { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' } as const;
  return verify(null, message, key, Buffer.from(sig, 'hex'));
}
