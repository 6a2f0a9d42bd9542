import { type DeviceCode, type Offer, runnerVerdict } from './mutant-device.js';
import { honestOrder, offerEnvelope, sealInLedger } from './mutant-envelopes.js';
import { type MutantWorld, type SignedPart, signPart } from './mutant-world.js';

/** An order's bytes at the gate: its code, or `passed`. */
export function orderVerdict(code: DeviceCode, world: MutantWorld, bytes: Uint8Array): string {
  const about = { kind: 'order' as const, row: '', what: '', isResigned: true, isAmbiguous: false };
  const verdict = offerEnvelope(code, world, { ...about, bytes });
  return verdict.isActedOn ? 'passed' : verdict.code;
}

/** A next order of the director, its payload's text changed before it is sealed. */
export function orderOf(world: MutantWorld, edit: (text: string) => string): Uint8Array {
  return sealOrder(world, Buffer.from(edit(JSON.stringify(honestOrder(world)))));
}

/** Seals a payload as an order of the director. */
export function sealOrder({ ledger, keys }: MutantWorld, payload: Uint8Array): Uint8Array {
  return sealInLedger(ledger, 'application/vnd.bellwether.order.v1+json', payload, [keys.director]);
}

/** What the owners publish next, with one role's file exchanged. */
export function offerWith({ next, newer }: MutantWorld, role: string, bytes: Uint8Array): Offer {
  const leaves = new Map([...next.leaves, [role, bytes]]);
  return { files: { ...next, leaves }, manifest: newer.manifest };
}

/** A file changed as text, in Latin-1, so that every byte can be written. */
export function edited(bytes: Uint8Array | undefined, edit: (text: string) => string): Uint8Array {
  return Buffer.from(edit(Buffer.from(bytes ?? []).toString('latin1')), 'latin1');
}

/** The runner on the production role's file, changed. */
export function runnerOnRole(
  code: DeviceCode,
  world: MutantWorld,
  edit: (text: string) => string,
  genuine = world.next.leaves.get('production-digits'),
): Promise<string> {
  const offer = offerWith(world, 'production-digits', edited(genuine, edit));
  return runnerVerdict(code, world, offer, world.newer.version);
}

/** The production role's file as the approver would sign it with these fields more. */
export function approved({ ledger, drafts, keys }: MutantWorld, fields: Readonly<Record<string, unknown>>): Uint8Array {
  const part: SignedPart = { ...drafts['production-digits'], ...fields };
  return signPart(ledger, part, [keys.approver]);
}
