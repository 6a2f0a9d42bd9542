import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@bellwether/shared/clock';
import { metadataPath } from '@bellwether/shared/contract/http-api';
import { silentLog } from '@bellwether/shared/log';
import type { AgentConfig } from '../config.js';
import { ArtefactToken, mayCarryToken } from '../identity/artefact-token.js';
import { EnrolmentHttp } from '../identity/enrolment-http.js';
import { HttpArtifacts } from '../installs/artifact-http.js';
import { openBlobFolder } from '../installs/blob-folder-disk.js';
import type { ReportIdentity } from '../reconcile/report.js';
import { fetchSmallFile } from '../trust/metadata-http.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import { type ArtefactPlane, folderOf, TufRepository } from '../trust/repository-tuf.js';
import { updateInThread } from '../trust/repository-tuf-thread.js';
import { trustRules } from '../trust/trust-rules.js';
import { maxRootBytes } from '../trust/tuf-limits.js';
import type { FleetBehaviour } from './behaviour.js';
import { CountingLog } from './counting-log.js';
import { FleetTally } from './fleet-tally.js';
import { SharedBlobs } from './shared-blobs.js';
import { SharedRepository } from './shared-repository.js';
import { SimulatedFleet } from './simulated-fleet.js';
import { firstTrust } from './simulated-trust.js';
import { Turnstile } from './turnstile.js';

export interface SimulationOptions {
  readonly devices: number;
  readonly joinTokens: readonly string[];
  readonly behaviour: FleetBehaviour;
  readonly seed: number | undefined;
  readonly about: ReportIdentity['agent'];
  readonly ca: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A fleet that is built, and how to give back what it stands on, after it has stopped. */
export interface OpenSimulation {
  readonly fleet: SimulatedFleet;
  readonly close: () => Promise<void>;
}

/** Enrolments and sessions under way at a time: thousands of machines would not open their HTTP connections at one moment either. */
const sessionsAtOnce = 32;
const requestTimeoutMs = 10_000;
const refreshDeadlineMs = 60_000;

/** Builds a simulated fleet on the agent's own configuration; `name` of it begins the names of its devices. Rejects as the agent's start does, or with SimulationError. */
export async function openSimulation(config: AgentConfig, options: SimulationOptions): Promise<OpenSimulation> {
  const { clock, random } = options;
  const baseUrl = config.artefacts.url ?? config.server.url;
  const plane: ArtefactPlane = { baseUrl, timeoutMs: requestTimeoutMs };
  const trust = firstTrust(await readRoot(config, plane), config);
  const ending = new AbortController();
  const verifier = new TufRepository(plane, refreshDeadlineMs, { update: updateInThread, leaf: trustRules.leaf });
  const repository = new SharedRepository({
    repository: verifier,
    plane,
    rules: trustRules,
    allowDevelopment: config.allowDevelopment,
    signal: ending.signal,
  });
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-simulation-'));
  const disk = await openBlobFolder(folder);
  const access = new ArtefactToken({ clock, openSession: (signal) => fleet.openSession(signal) });
  const artifacts = new HttpArtifacts({
    baseUrl,
    blobFolder: disk.folder,
    maxAttempts: config.limits.downloadAttempts,
    maxBytesPerSecond: 0,
    stallMs: config.limits.downloadStallMs,
    ...(mayCarryToken(config.server.url, baseUrl) && { access }),
    clock,
    random,
    log: silentLog,
  });
  const fleet: SimulatedFleet = new SimulatedFleet(
    {
      ...options,
      config,
      server: new EnrolmentHttp({ serverUrl: config.server.url, clock }),
      door: new Turnstile(sessionsAtOnce),
      firstTrust: trust,
      repository,
      blobs: new SharedBlobs(artifacts, disk),
      tally: new FleetTally(),
      log: new CountingLog(),
    },
    config.name,
  );
  return {
    fleet,
    close: async () => {
      ending.abort();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Not trusted because of where it comes from: the configuration pins it. */
async function readRoot({ root }: AgentConfig, plane: ArtefactPlane): Promise<Uint8Array> {
  if (root.file !== undefined) return readFile(root.file);
  const bytes = await fetchSmallFile(folderOf(plane, metadataPath), '1.root.json', maxRootBytes);
  if (bytes === undefined) throw new AdmissionRefusal('network', `${plane.baseUrl} has no 1.root.json`);
  return bytes;
}
