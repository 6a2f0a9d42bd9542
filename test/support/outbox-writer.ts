import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';

/**
 * A process that fills the outbox in the folder of its first argument until it is killed, and removes every third
 * message again: it prints `put N` or `removed N` when that is durable, or `failed CODE`. The second argument is the
 * outbox's size in bytes.
 */
const [folder = '', maxBytes = '1000000'] = process.argv.slice(2);
const outbox = await openOutbox({
  folder,
  maxBytes: Number(maxBytes),
  maxAgeMs: 86_400_000,
  clock: systemClock,
  log: silentLog,
});
for (let number = 0; ; number++) {
  try {
    await outbox.put('window', Buffer.from(String(number).padEnd(400, '.')));
    process.stdout.write(`put ${number}\n`);
    if (number % 3 !== 0) continue;
    const [oldest] = await outbox.read({ kind: 'window', from: 'oldest' }, 1);
    if (oldest === undefined) continue;
    await outbox.remove([oldest.id]);
    process.stdout.write(`removed ${Number.parseInt(Buffer.from(oldest.payload).toString(), 10)}\n`);
  } catch (error) {
    process.stdout.write(`failed ${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}\n`);
    await systemClock.sleep(50);
  }
}
