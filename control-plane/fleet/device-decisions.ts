import type { Clock } from '@bellwether/shared/clock';
import { fingerprintOf } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import type { DeviceChannel } from '../messaging/device-channel.js';
import type { Orders } from '../orders/publish.js';
import type { Conductor } from '../rollouts/conductor.js';
import type { Device } from './device.js';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { FleetStore } from './fleet-store.js';
import { type Decision, standingAfter } from './standing.js';

interface DecisionParts {
  readonly store: Pick<FleetStore, 'revokeToken'>;
  readonly fleet: Fleet;
  readonly channel: Pick<DeviceChannel, 'disconnect'>;
  readonly orders: Pick<Orders, 'withdraw'>;
  readonly conductor: Pick<Conductor, 'joined' | 'left' | 'heardFrom'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
  /** Told when a device is shown differently. */
  readonly changed: (device: string) => void;
}

/**
 * Carries out what operators decide about devices: stored first, then acted on; every act may run twice. Each is a row of the
 * audit log [T-14]: before a device is let in, and after it is put out, so that neither a full disk nor a crash lets one in
 * unseen or keeps one.
 */
export class DeviceDecisions {
  readonly #parts: DecisionParts;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** Makes sure that nothing is published for devices that were put out: a crash may have come between the decision and its effects. */
  async start(): Promise<void> {
    const { fleet, orders } = this.#parts;
    for (const { id, standing } of fleet.all()) if (standing !== 'approved') await orders.withdraw(id);
  }

  /** Throws FleetError `device-unknown` or `standing-conflict`. */
  async take(id: string, decision: Decision, by: Actor): Promise<Device> {
    const { fleet, channel, orders, conductor, log, audit, changed } = this.#parts;
    const before = fleet.get(id).standing;
    const standing = standingAfter(id, before, decision);
    const row = { actor: by, action: `device.${decision}`, subject: id } as const;
    if (standing === 'approved') audit.record(row);
    const device = await fleet.decide(id, { standing });
    log.info({ device: id, before, standing }, 'An operator decided about a device');
    if (standing === 'approved') {
      await conductor.joined(id);
    } else {
      // Its live session ends here; no new one begins, since each login looks at the standing [T-11].
      channel.disconnect(id);
      await orders.withdraw(id);
      conductor.left();
      audit.record(row);
    }
    changed(id);
    return device;
  }

  /**
   * The device goes on with the key that it asked for; the old one opens nothing any more. Its session ends, and its order
   * is signed anew, for the new fingerprint. Throws FleetError `device-unknown` or `rotation-unknown`.
   */
  async approveKey(id: string, fingerprint: string, by: Actor): Promise<Device> {
    const { fleet, channel, conductor, log, audit, changed } = this.#parts;
    const { nextKey, publicKey, formerKeys } = fleet.get(id);
    if (nextKey === null || fingerprintOf(nextKey) !== fingerprint) {
      throw new FleetError('rotation-unknown', `${id} does not ask for a key with the fingerprint ${fingerprint}`);
    }
    audit.record({ actor: by, action: 'device-key.approve', subject: id, details: { fingerprint } });
    const device = await fleet.decide(id, {
      publicKey: nextKey,
      formerKeys: [...formerKeys, publicKey],
      nextKey: null,
    });
    log.info({ device: id, fingerprint }, 'A device goes on with another key');
    channel.disconnect(id);
    await conductor.heardFrom(id);
    changed(id);
    return device;
  }

  /** Nobody joins by the token any more; with `decommission` everybody who did is put out. Throws FleetError `token-unknown`. */
  async revokeToken(
    id: string,
    { decommission, by }: { readonly decommission: boolean; readonly by: Actor },
  ): Promise<void> {
    const { store, fleet, clock, log, audit } = this.#parts;
    if (!(await store.revokeToken(id, Math.floor(clock.now().wallMs)))) {
      throw new FleetError('token-unknown', `no join token has the id ${id}`);
    }
    audit.record({ actor: by, action: 'join-token.revoke', subject: id, details: { decommission } });
    log.info({ token: id, decommission }, 'A join token was revoked');
    if (!decommission) return;
    for (const device of fleet.all()) if (device.tokenId === id) await this.take(device.id, 'decommission', by);
  }
}
