import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Orders } from '../orders/publish.js';
import type { DeviceHolds } from './device-holds.js';
import type { EvidenceStoreSql } from './evidence-store-sql.js';
import type { LookHistoryStoreSql } from './look-history-store-sql.js';
import type { NeighbourStoreSql } from './neighbour-store-sql.js';
import type { RolloutStore } from './rollout-store.js';
import type { VerdictArchive } from './verdict-archive.js';

/** What a conductor works with. */
export interface ConductorParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RolloutStore;
  readonly evidence: Pick<EvidenceStoreSql, 'of'>;
  readonly history: Pick<LookHistoryStoreSql, 'of' | 'note'>;
  readonly neighbours: Pick<NeighbourStoreSql, 'windows'>;
  readonly holds: DeviceHolds;
  readonly archive: Pick<VerdictArchive, 'keep' | 'has'>;
  readonly fleet: Fleet;
  readonly orders: Orders;
  readonly catalog: Catalog;
  readonly audit: AuditTrail;
  /** Calls that a device answers a second now; 0 where nobody knows. */
  readonly callsPerSecond: (device: string) => number;
  /** Told when a rollout's view is another one. */
  readonly changed: (id: string) => void;
}
