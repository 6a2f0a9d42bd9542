import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import { secretsEqual, sha256 } from '@bellwether/shared/signing/digest';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import type { DeviceChannel } from '../messaging/device-channel.js';
import { type Consumer, consumerNamed, userNameOf } from './consumer.js';
import type { ConsumerReply, ConsumerRequest, ConsumerView } from './consumer-api.js';
import { ConsumerError } from './consumer-error.js';
import type { ConsumerStoreSql } from './consumer-store-sql.js';
import { type Grant, isFleetWide } from './grant.js';

interface ConsumerParts {
  readonly store: ConsumerStoreSql;
  readonly channel: Pick<DeviceChannel, 'disconnectConsumer'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
}

/** The consumer accounts, in memory: the database is written first, and the audit log before an account opens anything [T-14]. */
export class Consumers {
  readonly #parts: ConsumerParts;
  readonly #standing = new Map<string, Consumer>();

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  /** Reads the accounts from the store. */
  async start(): Promise<void> {
    for (const each of await this.#parts.store.all())
      if (each.revokedAtMs === null) this.#standing.set(each.name, each);
  }

  /** Makes an account; the password is told this once. Throws ConsumerError `consumer-exists`, `grant-impossible`. */
  async create({ name, grant }: ConsumerRequest, by: Actor): Promise<ConsumerReply> {
    const { store, clock, log, audit } = this.#parts;
    if (grant.kinds.includes('fleet') && !isFleetWide(grant, 'fleet'))
      throw new ConsumerError('grant-impossible', 'fleet is of all devices: it cannot be granted with labels');
    if (this.#standing.has(name)) throw new ConsumerError('consumer-exists', `there is a consumer ${name} already`);
    const password = `bwc_${randomBytes(24).toString('base64url')}`;
    const createdAtMs = Math.floor(clock.now().wallMs);
    const consumer = { name, digest: sha256(Buffer.from(password)), grant, createdAtMs, revokedAtMs: null };
    const details = { kinds: grant.kinds.join(), labels: JSON.stringify(grant.labels) };
    audit.record({ actor: by, action: 'consumer.create', subject: name, details });
    // Taken before the write: of two requests for one name, one is refused.
    this.#standing.set(name, consumer);
    try {
      await store.insert(consumer);
    } catch (cause) {
      this.#standing.delete(name);
      throw cause;
    }
    log.info({ consumer: name, kinds: grant.kinds }, 'A consumer account was made');
    return { ...viewOf(consumer), password };
  }

  /** Newest first, revoked ones too. */
  async views(): Promise<ConsumerView[]> {
    return (await this.#parts.store.all()).map(viewOf);
  }

  /** Ends an account and its connections. Throws ConsumerError `consumer-unknown`. */
  async revoke(name: string, by: Actor): Promise<void> {
    const { store, channel, clock, log, audit } = this.#parts;
    if (!this.#standing.has(name)) throw new ConsumerError('consumer-unknown', `there is no consumer ${name}`);
    await store.revoke(name, Math.floor(clock.now().wallMs));
    this.#standing.delete(name);
    channel.disconnectConsumer(name);
    audit.record({ actor: by, action: 'consumer.revoke', subject: name });
    log.info({ consumer: name }, 'A consumer account was revoked');
  }

  /** What the account of this user name may read; undefined when there is none. */
  grantOf(userName: string): Grant | undefined {
    return this.#standing.get(consumerNamed(userName) ?? '')?.grant;
  }

  /** True when the password is that of the account of this user name. */
  isPassword(userName: string, password: string): boolean {
    const consumer = this.#standing.get(consumerNamed(userName) ?? '');
    return consumer !== undefined && secretsEqual(consumer.digest, sha256(Buffer.from(password)));
  }
}

function viewOf({ name, grant, createdAtMs, revokedAtMs }: Consumer): ConsumerView {
  return { name, userName: userNameOf(name), grant, createdAtMs, revokedAtMs };
}
