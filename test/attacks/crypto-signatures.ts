import type { Attack } from '../support/attack.js';
import { onVerifiers } from '../support/hostile-device.js';
import { edited, orderVerdict, runnerOnRole } from '../support/hostile-documents.js';
import type { DeviceCode } from '../support/mutant-device.js';
import { honestOrder, sealInLedger } from '../support/mutant-envelopes.js';
import { plusGroupOrder } from '../support/mutant-texts.js';
import type { MutantWorld } from '../support/mutant-world.js';
import { keyIdOf } from '../support/signed-repository.js';

/** A point whose order divides 8: the signature (R = the point, S = 0) fits every message when A is the neutral element. */
const neutral = `01${'00'.repeat(31)}`;
/** The same point with y = p + 1. */
const neutralAgain = `ee${'ff'.repeat(30)}7f`;

/** A forged order under a key that nobody has: as if the point had come into keys/online.json as a director. */
function forgedUnder(code: DeviceCode, world: MutantWorld, publicKey: string): string {
  const forged = Buffer.from(`${neutral}${'00'.repeat(32)}`, 'hex').toString('base64');
  const keys = { ...world.keys, director: { publicKey, seed: '' } };
  const bytes = edited(sealed(world), (text) => {
    const { payloadType, payload } = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify({ payloadType, payload, signatures: [{ keyid: keyIdOf(keys.director), sig: forged }] });
  });
  return orderVerdict(code, { ...world, keys }, bytes);
}

function sealed(world: MutantWorld, more: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const payload = Buffer.from(JSON.stringify({ ...honestOrder(world), ...more }));
  return sealInLedger(world.ledger, 'application/vnd.bellwether.order.v1+json', payload, [world.keys.director]);
}

/** An order whose payload's last base64 letter has bits to spare. */
function sealedWithPadding(world: MutantWorld): string {
  const texts = ['', '1', '22'].map((note) => Buffer.from(sealed(world, { note })).toString());
  return texts.find((text) => /"payload":"[^"]*="/.test(text)) ?? '';
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const nextLetter = (letter: string): string => letters[letters.indexOf(letter) + 1] ?? letter;

export const attacks: readonly Attack[] = [
  onVerifiers({
    id: 'crypto-signature-plus-group-order',
    row: 'adds the group order to S of a signature, which then fits the same bytes a second time',
    attacker: 'network',
    code: 'signature',
    control: 'S < L (shared/signing/ed25519-strict.ts)',
    patches: [
      {
        module: 'shared/signing/ed25519-strict',
        guard: 'littleEndian(signature.subarray(32)) < groupOrder',
        permissive: 'true',
      },
    ],
    attack: (code, world) =>
      runnerOnRole(code, world, (text) => text.replace(/"sig":"([0-9a-f]{128})"/, plusGroupOrder)),
  }),
  onVerifiers({
    id: 'crypto-small-order-key',
    row: 'forges an order under a director key of small order, for which nobody needs a secret',
    attacker: 'broker',
    code: 'order-signature',
    control: 'no key of small order (shared/signing/ed25519-strict.ts)',
    patches: [{ module: 'shared/signing/ed25519-strict', guard: '&& !smallOrderY.has(y)', permissive: '' }],
    attack: (code, world) => forgedUnder(code, world, neutral),
  }),
  onVerifiers({
    id: 'crypto-non-canonical-point',
    row: 'forges an order under the same key written a second way, with y above the field prime',
    attacker: 'broker',
    code: 'order-signature',
    control: 'y < p (shared/signing/ed25519-strict.ts)',
    patches: [{ module: 'shared/signing/ed25519-strict', guard: 'y < fieldPrime && ', permissive: '' }],
    attack: (code, world) => forgedUnder(code, world, neutralAgain),
  }),
  onVerifiers({
    id: 'crypto-base64-spare-bits',
    row: 'writes the payload of an order in another base64 text of the same bytes',
    attacker: 'broker',
    code: 'order-malformed',
    control: 'base64 that re-encodes to itself (shared/signing/envelope.ts)',
    patches: [
      {
        module: 'shared/signing/envelope',
        guard: "if (payload.toString('base64') !== envelope.payload)",
        permissive: 'if (false)',
      },
    ],
    attack: (code, world) => {
      const other = sealedWithPadding(world).replace(
        /([A-Za-z0-9+/])(=+")/,
        (_, letter: string, rest: string) => nextLetter(letter) + rest,
      );
      return orderVerdict(code, world, Buffer.from(other));
    },
  }),
  onVerifiers({
    id: 'crypto-signature-base64-spare-bits',
    row: 'writes the signature of an order in another base64 text of the same bytes',
    attacker: 'broker',
    code: 'order-signature',
    control: 'signatures in exact base64 (shared/signing/envelope.ts)',
    patches: [
      {
        module: 'shared/signing/envelope',
        guard: "return bytes.toString('base64') === text ? bytes : new Uint8Array();",
        permissive: 'return bytes;',
      },
    ],
    attack: (code, world) =>
      orderVerdict(
        code,
        world,
        edited(sealed(world), (text) =>
          text.replace(/([A-Za-z0-9+/])(=="}]})$/, (_, letter: string, rest: string) => nextLetter(letter) + rest),
        ),
      ),
  }),
  onVerifiers({
    id: 'crypto-hex-in-capitals',
    row: 'writes the signature of a role in capital hex digits',
    attacker: 'network',
    code: 'malformed',
    control: 'exact hex (agent/trust/tuf-documents.ts)',
    patches: [{ module: 'agent/trust/tuf-documents', guard: "'^[0-9a-f]{128}$'", permissive: "'^[0-9a-fA-F]{128}$'" }],
    attack: (code, world) =>
      runnerOnRole(code, world, (text) =>
        text.replace(/"sig":"([0-9a-f]{128})"/, (sig) => sig.toUpperCase().replace('SIG', 'sig')),
      ),
  }),
];
