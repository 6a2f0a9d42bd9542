import type { Clock } from '@bellwether/shared/clock';
import type { Machine } from '@bellwether/shared/contract/report';
import type { Log } from '@bellwether/shared/log';
import type { AgentConfig } from './config.js';
import type { EnrolledIdentity } from './identity/identity.js';
import type { ReceiptChain } from './identity/receipt-chain.js';
import type { Engine, Runner } from './inference/engine.js';
import type { LocalApiConfig } from './inference/local-api-http.js';
import type { AnswerDeskParts } from './inquiries/answer-desk.js';
import type { LogMemory } from './inquiries/log-memory.js';
import type { Artifacts } from './installs/artifacts.js';
import type { Blobs } from './installs/blobs.js';
import type { ReleaseStore } from './installs/release-store.js';
import type { ReportIdentity } from './reconcile/report.js';
import type { HostMetrics } from './telemetry/host-metrics.js';
import type { StartMemory } from './telemetry/last-start-disk.js';
import type { Outbox } from './telemetry/outbox.js';
import type { DeviceTrust } from './trust/device-trust.js';
import type { Uplink } from './uplink/uplink.js';

/** Everything that an agent stands on, opened. Tests replace one part and keep the rest. */
export interface AgentParts {
  readonly config: AgentConfig;
  readonly identity: Pick<EnrolledIdentity, 'device' | 'fingerprint' | 'successor'>;
  readonly receipts: ReceiptChain;
  readonly reportIdentity: ReportIdentity;
  /** Null where no application of this machine is to reach the agent: the simulator's devices. */
  readonly localApi: LocalApiConfig | null;
  readonly trust: DeviceTrust;
  readonly releases: ReleaseStore;
  readonly blobs: Blobs;
  readonly artifacts: Artifacts;
  readonly engine: Engine;
  readonly uplink: Uplink;
  /** Opens a session for what comes with it, which is signed time. */
  readonly meetServer: (signal: AbortSignal) => Promise<unknown>;
  readonly outbox: Outbox;
  readonly hostMetrics: (runners: () => Iterable<Runner>) => Promise<HostMetrics>;
  readonly availableMemory: () => number;
  readonly readMachine: () => Promise<Machine>;
  /** Has the server sign the time once more, which reaches `trust`. */
  readonly askTime: (signal: AbortSignal) => Promise<void>;
  /** What changed while no agent ran. */
  readonly starts: StartMemory;
  /** What the log said lately. */
  readonly logs: Pick<LogMemory, 'newest'>;
  readonly sendAnswer: AnswerDeskParts['send'];
  readonly setLogLevel: (level: AgentConfig['logLevel']) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}
