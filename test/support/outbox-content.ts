import type { Outbox, OutboxMessage } from '@bellwether/agent/telemetry/outbox';

/** Everything that waits: events first, each kind oldest first. */
export async function readAll(outbox: Pick<Outbox, 'read'>): Promise<readonly OutboxMessage[]> {
  const events = await outbox.read({ kind: 'event', from: 'oldest' }, 100_000);
  return [...events, ...(await outbox.read({ kind: 'window', from: 'oldest' }, 100_000))];
}
