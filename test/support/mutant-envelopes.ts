import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { type DeviceCode, mutantDevice } from './mutant-device.js';
import { editAnywhere } from './mutant-edits.js';
import type { MutantRandom } from './mutant-random.js';
import { changeText } from './mutant-texts.js';
import type { MutantWorld } from './mutant-world.js';
import { digestOf, type SigningLedger } from './rule-oracle.js';
import { keyIdOf } from './signed-repository.js';

/** Orders and the server's time: DSSE envelopes, changed and signed again. */

export const nonce = '5'.repeat(64);
const types = {
  order: 'application/vnd.bellwether.order.v1+json',
  time: 'application/vnd.bellwether.time.v1+json',
} as const;
type Kind = keyof typeof types;

/** An envelope as it comes over the wire. */
export interface EnvelopeMutant {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
  readonly row: string;
  readonly what: string;
  readonly isResigned: boolean;
  readonly isAmbiguous: boolean;
}

/** The order that the device, which stands at epoch 1, generation 5, should get next. */
export function honestOrder(world: MutantWorld): Record<string, unknown> {
  const { model, version, manifest } = world.newer;
  return {
    schema: 'bellwether.order.v1',
    device: { ...mutantDevice },
    epoch: 1,
    generation: 6,
    issuedAtMs: Date.UTC(2026, 0, 1),
    models: { [model]: { stable: { version, manifest: digestOf(manifest) } } },
    settings: { windowSeconds: 60 },
  };
}

/** DSSE's pre-authentication encoding, by hand. */
function encodingOf(type: string, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
}

/** Seals a payload, and writes the signatures and the envelope into the ledger. */
export function sealInLedger(
  ledger: SigningLedger,
  type: string,
  payload: Uint8Array,
  keys: readonly KeyPair[],
): Uint8Array {
  const signatures = keys.map((key) => ({
    keyid: keyIdOf(key),
    sig: Buffer.from(ledger.sign(key, encodingOf(type, payload)), 'hex').toString('base64'),
  }));
  const envelope = { payloadType: type, payload: Buffer.from(payload).toString('base64'), signatures };
  const bytes = Buffer.from(JSON.stringify(envelope));
  ledger.noteFile(bytes);
  return bytes;
}

/** Makes one mutant of an order or of the server's time. */
export function makeEnvelopeMutant(kind: Kind, world: MutantWorld, random: MutantRandom): EnvelopeMutant {
  const { keys, ledger, stranger } = world;
  const right = kind === 'order' ? keys.director : keys.time;
  const wrong = kind === 'order' ? keys.time : keys.director;
  const [row, held] = random.pick<readonly [string, readonly KeyPair[]]>([
    ['director or time key', [right]],
    ['director or time key', [right]],
    ['both online keys', [right, wrong]],
    ['the key of another use', [wrong]],
    ['one publisher', [keys.publisher]],
    ['network', [stranger]],
  ]);
  const payload = kind === 'time' ? { deviceNonce: nonce, timeMs: Date.UTC(2026, 6, 1) } : honestOrder(world);
  const honest = sealInLedger(ledger, types[kind], Buffer.from(JSON.stringify(payload)), [right, stranger]);
  if (random.chance(0.25)) {
    const changed = changeText(honest, random);
    return { ...changed, kind, row: 'network', isResigned: false };
  }
  const notes = Array.from({ length: random.below(3) }, () => edit(kind, payload, random));
  let text: Uint8Array = Buffer.from(JSON.stringify(payload));
  let isAmbiguous = false;
  if (random.chance(0.2)) {
    const changed = changeText(text, random);
    ({ bytes: text, isAmbiguous } = changed);
    notes.push(changed.what);
  }
  const type = random.chance(0.1) ? types[kind === 'order' ? 'time' : 'order'] : types[kind];
  const bytes = sealInLedger(ledger, type, text, held);
  return { kind, bytes, row, what: notes.join('; '), isResigned: true, isAmbiguous };
}

function edit(kind: Kind, payload: Record<string, unknown>, random: MutantRandom): string {
  if (kind === 'time' || random.chance(0.5)) return editAnywhere(payload, random);
  const changes: readonly Record<string, unknown>[] = [
    { device: { id: 'other-0000000000000000', fingerprint: 'ab'.repeat(32) } },
    { generation: random.below(9) },
    { epoch: random.below(4) },
    { settings: { stage: 'staging' } },
    { settings: { windowSeconds: random.pick([0, 1, 3600, 3601, -1]) } },
    { settings: { governorCpuPct: 101 } },
    { stage: 'staging', root: 'http://evil.example' },
    { models: {} },
    { models: {}, empty: true },
    { empty: true },
  ];
  const change = random.pick(changes);
  Object.assign(payload, change);
  return JSON.stringify(change);
}

/** What the device made of an envelope. */
export interface EnvelopeVerdict {
  readonly code: string;
  readonly isActedOn: boolean;
}

/** Offers an envelope to the gate of its kind; the device stands at epoch 1, generation 5. */
export function offerEnvelope(code: DeviceCode, world: MutantWorld, { kind, bytes }: EnvelopeMutant): EnvelopeVerdict {
  if (kind === 'time') {
    const time = code.time.signedTime(bytes, [world.keys.time.publicKey], nonce);
    return { code: time === undefined ? 'refused' : 'passed', isActedOn: time !== undefined };
  }
  const { director, time } = world.keys;
  const onlineKeys = {
    schema: 'bellwether.online-keys.v1' as const,
    epoch: 1,
    keys: [
      { keyid: keyIdOf(director), public: director.publicKey, use: 'director' as const },
      { keyid: keyIdOf(time), public: time.publicKey, use: 'time' as const },
    ],
  };
  const accepted = { order: { epoch: 1, generation: 5 } as never, digest: 'none' };
  try {
    const { kind: judgement } = code.orderGate.judgeOrder(bytes, { device: mutantDevice, onlineKeys, accepted });
    return { code: judgement, isActedOn: judgement === 'accepted' };
  } catch (error) {
    const refused = error instanceof code.orderGate.OrderRefusal;
    return { code: refused ? error.code : `crashed: ${String(error)}`, isActedOn: false };
  }
}

/** The rules of an envelope that was acted on: who signed exactly this payload as this, and what it may say. */
export function envelopeProblem({ kind, bytes }: EnvelopeMutant, { keys, ledger }: MutantWorld): string | undefined {
  const envelope = JSON.parse(Buffer.from(bytes).toString()) as { payload: string; signatures: { sig: string }[] };
  const payload = Buffer.from(envelope.payload, 'base64');
  const hexes = envelope.signatures.map(({ sig }) => Buffer.from(sig, 'base64').toString('hex'));
  const signers = ledger.signersOf(encodingOf(types[kind], payload), hexes);
  const right = kind === 'order' ? keys.director : keys.time;
  if (!signers.has(right.publicKey)) return 'nobody with the authority signed it';
  const said = JSON.parse(payload.toString()) as Record<string, unknown>;
  return kind === 'time' ? timeProblem(said) : orderProblem(said);
}

function timeProblem({ deviceNonce, timeMs }: Record<string, unknown>): string | undefined {
  if (deviceNonce !== nonce) return 'for another nonce';
  return Number.isSafeInteger(timeMs) && Number(timeMs) >= 0 ? undefined : 'no time';
}

const bounds: Readonly<Record<string, (value: unknown) => boolean>> = {
  windowSeconds: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 3600,
  governorCpuPct: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100,
  logLevel: (value) => ['debug', 'info', 'warn', 'error'].includes(String(value)),
};

function orderProblem(order: Record<string, unknown>): string | undefined {
  const device = order['device'] as Record<string, unknown> | undefined;
  if (device?.['id'] !== mutantDevice.id || device['fingerprint'] !== mutantDevice.fingerprint) return 'another device';
  if (order['epoch'] !== 1) return 'another epoch';
  if (!Number.isSafeInteger(order['generation']) || Number(order['generation']) <= 5) return 'no newer generation';
  const settings = Object.entries((order['settings'] ?? {}) as Record<string, unknown>);
  if (settings.some(([name, value]) => bounds[name]?.(value) !== true)) return 'a setting that no order may change';
  const models = Object.values(order['models'] as Record<string, { stable?: { manifest?: unknown } }>);
  if ((models.length === 0) !== (order['empty'] === true)) return 'empty without saying so';
  return models.every(({ stable }) => /^[0-9a-f]{64}$/.test(String(stable?.manifest))) ? undefined : 'no digest';
}
