import { isDeepStrictEqual } from 'node:util';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { CodedError } from '@bellwether/shared/errors';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { Envelope, openEnvelope, sealEnvelope } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { maxBundleBytes, VerdictBundle } from './bundle.js';
import { judgeLook } from './bundle-look.js';
import { limitsOf } from './evidence-policy.js';
import type { Verdict } from './verdict.js';

/** A bundle as a file: the envelope, and the key that signed it. Whoever pins the server's verdict key compares the two. */
export const BundleFile = Type.Object(
  { version: Type.Literal(1), public: Type.String({ pattern: hex64Pattern }), envelope: Envelope },
  { additionalProperties: false },
);
export type BundleFile = Static<typeof BundleFile>;

export type BundleErrorCode = 'verdict-key' | 'verdict-limits' | 'verdict-differs';

/** A bundle that is signed and read, and does not say what its numbers say. */
export class BundleError extends CodedError<BundleErrorCode> {}

const compiledFile = Compile(BundleFile);
const compiledBundle = Compile(VerdictBundle);

/** Largest difference of two logarithms that are the same: sums of other machines may round otherwise. */
const sameLog = 1e-9;

/** Signs a bundle with the server's key for verdicts. */
export function sealBundle(bundle: VerdictBundle, key: KeyPair): BundleFile {
  const envelope: unknown = JSON.parse(Buffer.from(sealEnvelope('verdict', bundle, [key])).toString());
  const file = { version: 1, public: key.publicKey, envelope };
  return decodeDocument(compiledFile, Buffer.from(JSON.stringify(file)), {
    what: 'verdict bundle',
    maxBytes: maxBundleBytes,
  });
}

/**
 * Reads a bundle file: size, form, signature, schema. `publicKey` is the verdict key that is trusted; without it the one
 * that the file names. Throws DecodeError, EnvelopeError or BundleError `verdict-key`.
 */
export function openBundle(bytes: Uint8Array, publicKey?: string): VerdictBundle {
  const limits = { what: 'verdict bundle', maxBytes: maxBundleBytes };
  const file = decodeDocument(compiledFile, bytes, limits);
  if (publicKey !== undefined && file.public !== publicKey) {
    throw new BundleError('verdict-key', `the bundle is signed by ${file.public}, and not by ${publicKey}`);
  }
  const envelope = Buffer.from(JSON.stringify(file.envelope));
  const { payload } = openEnvelope('verdict', envelope, [file.public], maxBundleBytes);
  return decodeDocument(compiledBundle, payload, limits);
}

/**
 * Makes the verdict again from the bundle's counters, by the rules of its version, and answers it when it is the one that the bundle holds; log E
 * to 1e-9. Throws BundleError: `verdict-limits` when the limits are not the policy's, `verdict-differs` with the first field.
 */
export function replay({ policy, limits, look, verdict }: VerdictBundle): Verdict {
  const own = limitsOf(policy);
  for (const [name, value] of Object.entries(own)) {
    const said = Object.entries(limits).find(([key]) => key === name)?.[1];
    if (said !== value) throw new BundleError('verdict-limits', `${name} is ${said}, and the policy says ${value}`);
  }
  const again = judgeLook(look, own, verdict.version);
  const difference = firstDifference(verdict, again);
  if (difference !== undefined) throw new BundleError('verdict-differs', difference);
  return again;
}

function firstDifference(said: Verdict, again: Verdict): string | undefined {
  if (said.value !== again.value) return `it says ${said.value}, its counters say ${again.value}`;
  for (const field of ['logHarm', 'logHarmLimit'] as const) {
    if (Math.abs(said[field] - again[field]) > sameLog) {
      return `${field} is ${said[field]}, its counters say ${again[field]}`;
    }
  }
  const words = ({ reasons }: Verdict) => reasons.map(({ numbers: _, ...rest }) => rest);
  if (!isDeepStrictEqual(words(said), words(again))) return 'its reasons are not those of its counters';
  const isNear = said.reasons.every((reason, i) => areNear(reason.numbers, again.reasons[i]?.numbers ?? {}));
  if (!isNear) return 'the numbers of its reasons are not those of its counters';
  if (!isDeepStrictEqual(said.passedStrata, again.passedStrata))
    return `it lets ${said.passedStrata.join(', ')} pass, its counters ${again.passedStrata.join(', ')}`;
  if (!isDeepStrictEqual(said.drop, again.drop))
    return `it drops ${said.drop.join(', ')}, its counters ${again.drop.join(', ')}`;
  return undefined;
}

function areNear(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => Math.abs((a[name] ?? Number.NaN) - (b[name] ?? Number.NaN)) <= sameLog);
}
