/**
 * The payload of an envelope before anything about it is proved: only to look up whose key must open it. Bytes of anything
 * else are empty, which decodes as nothing.
 */
export function unprovenPayload(envelope: unknown): Uint8Array {
  const hasPayload = typeof envelope === 'object' && envelope !== null && 'payload' in envelope;
  return Buffer.from(hasPayload && typeof envelope.payload === 'string' ? envelope.payload : '', 'base64');
}

/** An envelope that came as a JSON value, as the bytes that openEnvelope reads. */
export function envelopeBytes(envelope: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(envelope) ?? '');
}
