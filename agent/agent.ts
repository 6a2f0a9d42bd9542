import type { Order } from '@bellwether/shared/contract/order';
import { reportDigest } from '@bellwether/shared/contract/receipt-chain';
import type { Machine } from '@bellwether/shared/contract/report';
import { messageOf } from '@bellwether/shared/errors';
import type { AgentParts } from './agent-parts.js';
import { buildTelemetry } from './build-telemetry.js';
import { LocalApi } from './inference/local-api-http.js';
import { ServedReleases } from './inference/served-releases.js';
import { Serving } from './inference/serving.js';
import { answerTo } from './inquiries/answer.js';
import { AnswerDesk } from './inquiries/answer-desk.js';
import type { Announcement } from './installs/install.js';
import { CallCounter } from './reconcile/call-counter.js';
import { LeaseRenewal } from './reconcile/lease-renewal.js';
import { LiveModels } from './reconcile/live-models.js';
import { MetadataRefresh } from './reconcile/metadata-refresh.js';
import { OrderDesk } from './reconcile/order-desk.js';
import { OrderedSettings } from './reconcile/ordered-settings.js';
import { buildReconciler } from './reconcile/reconciler.js';
import { isReady, makeReport, type ReportContent } from './reconcile/report.js';
import { ReportPublisher } from './reconcile/report-publisher.js';
import type { AgentStatus } from './status.js';
import { Recorder } from './telemetry/recorder.js';

/** An agent that is built and not started. */
export interface Agent {
  /** What the local API asks: the same calls from within the process. */
  readonly serving: Pick<Serving, 'infer' | 'releaseOf'>;
  /** Resolves when the local API listens and reconcile has begun; rejects with what keeps it from that. */
  start(): Promise<void>;
  /** Answers the calls that it has, stores the last window, and stops every runner. May be called twice. */
  stop(): Promise<void>;
}

/** Wires an agent. It does nothing until it is started. */
export async function buildAgent(parts: AgentParts): Promise<Agent> {
  const { config, identity, trust, uplink, outbox, clock, random, log } = parts;
  const live = new LiveModels();
  const recorder = new Recorder(clock.now());
  const served = new ServedReleases(clock, recorder);
  const observer = new CallCounter((model, manifest) => reconciler.countCall(model, manifest), served);
  const recorded = (what: string, done: Promise<void>): void => {
    done.catch((error: unknown) => log.error({ err: messageOf(error) }, `${what} could not be recorded`));
  };
  const serving = new Serving({
    clock,
    observer,
    limits: config.limits,
    onRunnerDied: (model, exit) => recorded('a runner death', reconciler.runnerDied(model, exit)),
    onCanaryDied: (model, exit) => recorded('a runner death', reconciler.canaryDied(model, exit)),
    trials: {
      device: identity.device,
      runId: parts.reportIdentity.runId,
      evidence: recorder.evidence,
      onTripped: (release, reason) => {
        void serving.dropCanary(release.manifest.model);
        recorded('a trip of the breaker', reconciler.canaryTripped(release, reason));
      },
      onSuspicion: () => reporter.closeSoon(),
    },
  });
  const { reporter, throttle, metrics } = await buildTelemetry(parts, {
    recorder,
    serving,
    live,
    onDisk: () => publisher.offer(report()),
  });
  const announce = ({ kind, ...details }: Announcement): void => reporter.event(kind, details);
  const publisher = new ReportPublisher({
    uplink,
    receiptFor: (unsigned) => {
      const { runId, bootId, atMs, observed: order, metadata, models } = unsigned;
      const facts = { report: reportDigest(unsigned), atMs, runId, bootId, order, metadata };
      return parts.receipts.next({ ...facts, served: served.list(models) });
    },
    clock,
    log,
  });

  const reconciler = buildReconciler({
    ...parts,
    store: parts.releases,
    serving,
    live,
    limits: {
      diskReserveBytes: config.limits.diskReserveMb * 1024 ** 2,
      memoryMb: config.limits.runnerMemoryMb,
      canaryFloorBytes: config.limits.canaryFloorMb * 1024 ** 2,
    },
    startSpreadMs: config.startSpreadMs,
    probation: config.probation,
    onNoAllowedRelease: config.onNoAllowedRelease,
    segmentOf: (model) => recorder.evidence.last(model),
    announce,
    onChange: () => {
      settings.applyWindow();
      publisher.offer(report());
    },
  });

  const settings = new OrderedSettings({
    config,
    hasTrials: () => live.hasTrials,
    setWindowSeconds: (seconds) => reporter.setWindowSeconds(seconds),
    setCeilingPct: (pct) => throttle.setCeiling(pct),
    setLogLevel: parts.setLogLevel,
    announce,
  });
  const follow = (order: Pick<Order, 'settings' | 'models' | 'inquiries'>): void => {
    settings.apply(order.settings);
    lease.ordered(order);
    answers.ordered(order.inquiries ?? []);
  };
  const desk = new OrderDesk({
    trust,
    announce,
    onAccepted: (order) => {
      follow(order);
      reconciler.orderChanged();
      refresh.orderedAtLeast(order.metadata?.snapshot);
    },
    onRefused: () => publisher.offer(report()),
    clock,
    random,
    log,
  });
  const { meetServer } = parts;
  const onRefreshed = (): void => reconciler.networkChanged();
  const refresh = new MetadataRefresh({ trust, meetServer, onRefreshed, clock, random, log });

  const lease = new LeaseRenewal({
    leaseFromMs: () => trust.leaseFromMs,
    askTime: parts.askTime,
    onTime: () => reconciler.networkChanged(),
    clock,
    log,
  });

  let machine: Machine | undefined;
  const meetMachine = async (): Promise<void> => {
    try {
      machine = await parts.readMachine();
      publisher.offer(report());
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'the machine could not be described');
    }
  };

  const report = (): ReportContent =>
    makeReport({
      identity: parts.reportIdentity,
      machine,
      development: trust.development,
      accepted: trust.accepted,
      metadata: trust.versions,
      auditHead: trust.auditHead,
      observed: reconciler.observed(),
      orderRefusal: desk.refusal,
      servingSinceMs: (model) => live.serving(model)?.since.wallMs ?? 0,
      progress: reconciler.progress(),
      isDiskUnwritable: outbox.isUnwritable,
    });
  const status = async (): Promise<AgentStatus> => ({
    ...report(),
    fingerprint: identity.fingerprint,
    // One that cannot be read is no reason to show nothing.
    nextFingerprint: (await identity.successor().catch(() => undefined))?.identity.fingerprint ?? null,
    connected: uplink.connected,
    uplink: uplink.standing,
    outbox: outbox.state,
    governor: { ...throttle.state, shed: [...throttle.state.shed] },
  });
  const answers = new AnswerDesk({
    answer: async (inquiry) => {
      const { wallMs } = clock.now();
      const facts = { status: await status(), configuration: config, clock: { wallMs, serverMs: trust.serverTimeMs } };
      const { device } = identity;
      return answerTo(inquiry, { device, atMs: Math.max(0, Math.round(wallMs)), logs: parts.logs, facts });
    },
    send: parts.sendAnswer,
    serverTimeMs: () => trust.serverTimeMs,
    clock,
    random,
    log,
  });
  const localApi =
    parts.localApi === null
      ? undefined
      : new LocalApi({
          config: parts.localApi,
          clock,
          serving,
          observer,
          log,
          agentVersion: parts.reportIdentity.agent.version,
          isReady: () => isReady(reconciler.observed()),
          status,
          metrics: metrics === undefined ? undefined : () => metrics.text(),
        });

  const stopAll = async (): Promise<void> => {
    announce({ kind: 'agent-stopping', message: 'asked to stop' });
    desk.stop();
    throttle.stop();
    await refresh.stop();
    await lease.stop();
    await answers.stop();
    await reconciler.stop();
    await serving.stop();
    await localApi?.stop();
    const published = publisher.stop();
    await reporter.stop();
    await uplink.stop();
    // Last: a broker that has gone silent keeps a report for its whole time-out, and the window above must not wait for that.
    await published;
  };
  let stopped: Promise<void> | undefined;

  return {
    serving,
    start: async () => {
      await localApi?.start();
      await reconciler.start();
      reporter.start();
      throttle.start();
      announce({ kind: 'agent-started', message: `agent ${parts.reportIdentity.agent.version}` });
      for (const news of parts.starts.news) announce(news);
      recorded('this start', parts.starts.keep());
      follow(trust.accepted?.order ?? { models: {} });
      refresh.start();
      void meetMachine();
      uplink.start({
        order: (payload) => desk.take(payload),
        connected: () => {
          // The session has brought what the report says of the audit log.
          publisher.offer(report());
          publisher.connected();
          reporter.connected();
          reconciler.networkChanged();
          answers.connected();
        },
        disconnected: (why) => log.info({ why }, 'not connected'),
      });
    },
    stop: () => {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
