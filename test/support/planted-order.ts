import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { decodeOrder, type Order } from '@bellwether/shared/contract/order';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { readKeyFile } from '@bellwether/shared/signing/key-file';

/**
 * Puts an order in the place of the one that a server has stored for a device: the next generation of it with these
 * changes (`empty` is not kept), signed by the server's own director. For orders that no rollout makes yet. The server must be stopped; it
 * publishes what it has stored when it starts. Answers the order.
 */
export async function plantOrder(data: string, device: string, changes: Partial<Order>): Promise<Order> {
  const { public: publicKey, seed } = await readKeyFile(join(data, 'keys', 'director.key'));
  const database = new BetterSqlite3(join(data, 'bellwether.sqlite'));
  try {
    const stored = database
      .prepare<[string], Buffer>('select envelope from orders where device = ?')
      .pluck()
      .get(device);
    const { payload } = JSON.parse(String(stored)) as { readonly payload: string };
    const { empty: _, ...last } = decodeOrder(Buffer.from(payload, 'base64'));
    const order: Order = { ...last, generation: last.generation + 1, ...changes };
    const envelope = sealEnvelope('order', order, [{ publicKey, seed }]);
    database
      .prepare('update orders set envelope = ?, generation = ?, digest = ? where device = ?')
      .run(Buffer.from(envelope), order.generation, sha256(Buffer.from(JSON.stringify(order))), device);
    return order;
  } finally {
    database.close();
  }
}
