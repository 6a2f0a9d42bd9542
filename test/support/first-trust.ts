import { verifyDelegated, verifyTopLevel } from '@bellwether/control-plane/catalog/metadata-tuf';
import { decodeRoleFile, decodeRootFile, decodeTargetsFile } from '@bellwether/control-plane/catalog/role-file';
import type { TrustBase } from '@bellwether/control-plane/catalog/trust-change';
import { type FirstMetadata, firstMetadata, type SetKeys } from '@bellwether/control-plane/publisher/first-metadata';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';

const make = (count: number): KeyPair[] => Array.from({ length: count }, () => generateKeyPair());

interface FirstTrust extends FirstMetadata {
  readonly base: TrustBase;
  readonly keys: SetKeys;
}

/** The first metadata of a production set with two publishers, in memory, and all of its keys. */
export function firstTrust(nowMs = Date.UTC(2026, 0, 1)): FirstTrust {
  const keys: SetKeys = {
    root: make(3),
    targets: make(3),
    publisher: make(2),
    approver: make(1),
    snapshot: make(1),
    timestamp: make(1),
    director: make(1),
    adjuster: make(1),
    time: make(1),
    verdict: make(1),
  };
  const verify = { topLevel: verifyTopLevel, delegated: verifyDelegated };
  const { metadata, onlineKeys } = firstMetadata(keys, { families: ['digits'], development: false, nowMs });
  const bytesOf = (name: string) => metadata.get(`1.${name}.json`) ?? new Uint8Array();
  const roleOf = (name: string) => ({ version: 1, bytes: bytesOf(name), file: decodeRoleFile(bytesOf(name), name) });
  const targets = { version: 1, bytes: bytesOf('targets'), file: decodeTargetsFile(bytesOf('targets')) };
  const roles = new Map(['staging-digits', 'production-digits'].map((name) => [name, roleOf(name)]));
  return { base: { root: decodeRootFile(bytesOf('root')), targets, roles, nowMs, verify }, keys, metadata, onlineKeys };
}
