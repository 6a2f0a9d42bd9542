import type { AuditEnd } from '@bellwether/shared/contract/audit-end';
import type { Machine, ModelReport, Report } from '@bellwether/shared/contract/report';
import { formatReleaseId } from '@bellwether/shared/ids';
import { type InstallRecord, isSameRelease, type ReleaseRef } from '../installs/install-record.js';
import type { AcceptedOrder, MetadataVersions } from '../trust/device-trust.js';
import type { Observed, ObservedModel } from './observed.js';
import { canaryStanding } from './plan-canary.js';
import { isPassing } from './plan-install.js';

/** Who reports: fixed for one start of the agent. */
export type ReportIdentity = Pick<Report, 'device' | 'runId' | 'bootId' | 'agent' | 'stage'>;

/** What a report is made of, beside what the plan saw. */
export interface ReportCase {
  readonly identity: ReportIdentity;
  /** Undefined until it has been read. */
  readonly machine?: Machine | undefined;
  readonly development: boolean;
  readonly accepted: AcceptedOrder | null;
  readonly metadata: MetadataVersions | null;
  readonly auditHead: AuditEnd | null;
  readonly observed: Observed;
  /** The last order that was refused since the last accepted one. */
  readonly orderRefusal: Report['orderRefusal'];
  /** Wall time since which a model's runner serves. */
  readonly servingSinceMs: (model: string) => number;
  /** Of the download that is under way. */
  readonly progress: InstallProgress | null;
  /** True while the disk takes no telemetry, and so no state of ours. */
  readonly isDiskUnwritable: boolean;
}

/** Bytes fetched of bytes needed. */
export interface InstallProgress {
  readonly release: ReleaseRef;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** A report without its number, time and receipt: what tells whether anything has changed. */
export type ReportContent = Omit<Report, 'sequence' | 'atMs' | 'receipt'>;

/** What this device says it runs: only what serves past its probation counts as updated. */
export function makeReport(from: ReportCase): ReportContent {
  const { accepted, observed } = from;
  const models = observed.models.map((model) => ({ model, report: reportModel(model, from) }));
  return {
    version: 1,
    ...from.identity,
    ...(from.machine === undefined ? {} : { machine: from.machine }),
    development: from.development,
    observed:
      accepted === null
        ? null
        : { epoch: accepted.order.epoch, generation: accepted.order.generation, digest: accepted.digest },
    state: worst(models.map(({ model }) => stateOf(model))) ?? 'converged',
    health: from.isDiskUnwritable ? 'critical' : (worst(models.map(({ model }) => healthOf(model))) ?? 'ok'),
    orderRefusal: from.orderRefusal,
    models: models.map(({ report }) => report),
    metadata: from.metadata,
    auditHead: from.auditHead,
  };
}

/** True when each ordered model serves some verified release: what `/v2/health/ready` answers. */
export function isReady({ order, models }: Observed): boolean {
  return order !== null && models.every(({ ordered, serving }) => ordered === null || serving !== null);
}

function reportModel(model: ObservedModel, { servingSinceMs, progress }: ReportCase): ModelReport {
  const { serving } = model;
  const install = orderedInstall(model);
  return {
    model: model.model,
    serving:
      serving === null
        ? null
        : {
            version: serving.release.version,
            manifest: serving.release.manifest,
            sinceMs: Math.round(servingSinceMs(model.model)),
            phase: recordOf(model, serving.release)?.phase === 'settled' ? 'settled' : 'probation',
          },
    install: install === undefined || servesOrdered(model) ? null : reportInstall(install, progress),
    ...reportCanary(model),
    refusal:
      (install === undefined ? null : (reportRefusal(install) ?? reportWithdrawal(model, servingSinceMs))) ??
      canaryRefusal(model),
  };
}

/** Where the ordered canary stands; a refusal that passes by itself is on its way all the same. */
function reportCanary(model: ObservedModel): Pick<ModelReport, 'canary'> {
  const standing = canaryStanding(model);
  if (standing === undefined) return {};
  const { release, settings } = standing.canary;
  const { trial } = model;
  const isReady = trial !== null && isSameRelease(trial.release, release);
  const about = {
    version: release.version,
    manifest: release.manifest,
    rollout: settings.rollout,
    step: settings.step,
    segment: isReady ? trial.segment : 0,
  };
  if (standing.kind === 'off') {
    const { state, code, message: why } = standing;
    return { canary: { ...about, state, code, message: why } };
  }
  const message = recordOf(model, release)?.verdict?.message;
  if (isReady) return { canary: { ...about, state: 'ready' } };
  return { canary: { ...about, state: 'installing', ...(message === undefined ? {} : { message }) } };
}

function canaryRefusal(model: ObservedModel): ModelReport['refusal'] {
  const record = model.canary === null ? undefined : recordOf(model, model.canary.release);
  return record === undefined || canaryStanding(model)?.kind === 'wanted' ? null : reportRefusal(record);
}

function reportInstall(record: InstallRecord, progress: InstallProgress | null): ModelReport['install'] {
  const { version, manifest, phase } = record;
  if (phase !== 'fetching' || progress === null || !isSameRelease(progress.release, record)) {
    return { version, manifest, phase };
  }
  return { version, manifest, phase, bytes: progress.bytes, totalBytes: progress.totalBytes };
}

function reportRefusal({ version, manifest, verdict }: InstallRecord): ModelReport['refusal'] {
  if (verdict === null) return null;
  const { code, message, atMs } = verdict;
  return { version, manifest, code, message, atMs: Math.round(atMs), kind: isPassing(code) ? 'passing' : 'permanent' };
}

/** What was installed and then withdrawn has no verdict of its own: the listing says it, since what took its place serves [T-9]. */
function reportWithdrawal(model: ObservedModel, servingSinceMs: ReportCase['servingSinceMs']): ModelReport['refusal'] {
  if (model.ordered === null || !isOrderedWithdrawn(model)) return null;
  const { version, manifest } = model.ordered;
  const message = `${formatReleaseId(model.ordered)} was withdrawn after it was installed here`;
  const atMs = model.serving === null ? 0 : Math.round(servingSinceMs(model.model));
  return { version, manifest, code: 'withdrawn', message, atMs, kind: 'permanent' };
}

function stateOf(model: ObservedModel): Report['state'] {
  if (model.ordered === null) return model.isOpen ? 'working' : 'converged';
  if (servesOrdered(model)) return canaryState(model);
  return orderedInstall(model)?.verdict || isOrderedWithdrawn(model) ? 'held' : 'working';
}

function canaryState(model: ObservedModel): Report['state'] {
  const standing = canaryStanding(model);
  if (standing === undefined) return 'converged';
  if (standing.kind === 'off') return 'held';
  return model.trial !== null && isSameRelease(model.trial.release, standing.canary.release) ? 'converged' : 'working';
}

/** Critical: nothing answers and nothing is on its way, or what answers was withdrawn. */
function healthOf(model: ObservedModel): Report['health'] {
  if (model.ordered === null || (servesOrdered(model) && !isWithdrawn(model))) return 'ok';
  if (isWithdrawn(model) || (model.serving === null && stateOf(model) === 'held')) return 'critical';
  return model.serving === null || stateOf(model) === 'held' ? 'degraded' : 'ok';
}

function isWithdrawn({ serving, installs }: ObservedModel): boolean {
  return installs.some(
    ({ record, listing }) => listing === 'withdrawn' && serving !== null && isSameRelease(record, serving.release),
  );
}

function isOrderedWithdrawn({ ordered, installs }: ObservedModel): boolean {
  return installs.some(
    ({ record, listing }) => listing === 'withdrawn' && ordered !== null && isSameRelease(record, ordered),
  );
}

function servesOrdered({ ordered, serving }: ObservedModel): boolean {
  return ordered !== null && serving !== null && isSameRelease(ordered, serving.release);
}

function orderedInstall(model: ObservedModel): InstallRecord | undefined {
  return model.ordered === null ? undefined : recordOf(model, model.ordered);
}

function recordOf({ installs }: ObservedModel, release: ReleaseRef): InstallRecord | undefined {
  return installs.find(({ record }) => isSameRelease(record, release))?.record;
}

/** From best to worst. */
const severity: Readonly<Record<Report['state'] | Report['health'], number>> = {
  converged: 0,
  working: 1,
  held: 2,
  ok: 0,
  degraded: 1,
  critical: 2,
};

function worst<T extends Report['state'] | Report['health']>(values: readonly T[]): T | undefined {
  return values.toSorted((a, b) => severity[b] - severity[a])[0];
}
