import { decodeDocument } from '@bellwether/shared/contract/decode';
import { Report } from '@bellwether/shared/contract/report';
import { Window } from '@bellwether/shared/contract/window';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, Type } from '@bellwether/shared/schema';

const { sequence: _sequence, atMs: _atMs, receipt: _receipt, ...reported } = Report.properties;

/** `GET /bellwether/status`: what the agent reports, and what only this device needs to know. */
export const AgentStatus = Type.Object({
  ...reported,
  /** SHA-256 of the device's public key: what the operator compares before approving it [T-10]. */
  fingerprint: Type.String({ pattern: hex64Pattern }),
  /** Of the key that it asks to go on with, until an operator has agreed: `bellwether device approve-key`. */
  nextFingerprint: Type.Union([Type.Null(), Type.String({ pattern: hex64Pattern })]),
  /** The broker can be reached. */
  connected: Type.Boolean(),
  /** Where it is connected and whether that is encrypted, or in words why it is not: `approval-pending` is the server's word. */
  uplink: Type.Union([
    Type.Object({ connected: Type.Literal(true), url: Type.String(), encrypted: Type.Boolean() }),
    Type.Object({ connected: Type.Literal(false), why: Type.String() }),
  ]),
  outbox: Window.properties.outbox,
  /** Its own processor time, percent of one core, and what it leaves out to stay below the ceiling. */
  governor: Type.Optional(
    Type.Object({
      ceilingPct: Type.Number(),
      ownCpuPct: Type.Union([Type.Null(), Type.Number()]),
      shed: Type.Array(Type.String()),
    }),
  ),
});
export type AgentStatus = Static<typeof AgentStatus>;

const compiled = Compile(AgentStatus);

/** Reads a status; throws DecodeError. */
export function decodeStatus(bytes: Uint8Array): AgentStatus {
  return decodeDocument(compiled, bytes, { what: 'status', maxBytes: 256 * 1024 });
}
