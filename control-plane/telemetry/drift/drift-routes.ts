import { type AccuracyView, DriftReply, type ShiftView } from '../../http/drift-api.js';
import type { TypedApp } from '../../http/typed-app.js';
import type { AccuracyFinding, DriftFinding, DriftSubject } from './drift-finding.js';
import type { DriftReport } from './drift-monitor.js';

/** `GET /telemetry/drift`. */
export function driftRoutes(
  app: TypedApp,
  { monitor }: { readonly monitor: { report(): Promise<DriftReport> } },
): void {
  app.get(
    '/telemetry/drift',
    {
      config: { access: 'viewer' },
      schema: { summary: 'What has drifted', tags: ['telemetry'], response: { 200: DriftReply } },
    },
    async () => driftReply(await monitor.report()),
  );
}

function driftReply({ findings, watched, atMs, skippedWindows }: DriftReport): DriftReply {
  return {
    atMs,
    watched: watched.flatMap(({ subject, ...each }) => (subject.level === 'release' ? each : [])),
    drift: findings.flatMap(shiftView),
    accuracy: accuracyViews(findings, watched),
    skippedWindows,
  };
}

function shiftView(finding: DriftFinding): ShiftView[] {
  return finding.kind === 'shift' ? [{ ...finding, ...nameOf(finding.subject) }] : [];
}

/** Of releases and labels all, of devices those that were found to be low. */
function accuracyViews(findings: readonly DriftFinding[], watched: DriftReport['watched']): AccuracyView[] {
  const low = findings.filter((finding): finding is AccuracyFinding => finding.kind === 'accuracy-estimate');
  const found = new Set(low.map(({ manifest, subject }) => `${manifest} ${keyOf(subject)}`));
  const all = watched.flatMap(({ accuracy, referenceAccuracy, ...each }) =>
    accuracy === null || referenceAccuracy === null ? [] : [{ ...each, ...accuracy, referenceAccuracy }],
  );
  return [...all, ...low.filter(({ subject }) => subject.level === 'device')].map((each) => ({
    ...each,
    ...nameOf(each.subject),
    isLow: found.has(`${each.manifest} ${keyOf(each.subject)}`),
  }));
}

function keyOf(subject: DriftSubject): string {
  const { level, subject: name } = nameOf(subject);
  return `${level} ${name}`;
}

function nameOf(subject: DriftSubject): { readonly level: DriftSubject['level']; readonly subject: string } {
  switch (subject.level) {
    case 'device':
      return { level: subject.level, subject: subject.device };
    case 'label':
      return { level: subject.level, subject: subject.label };
    case 'release':
      return { level: subject.level, subject: '' };
  }
}
