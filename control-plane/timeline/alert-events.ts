import type { ToldAlert } from '../alerts/alerts.js';
import type { TimelineEntry } from './timeline-entry.js';

/** What is told of an alert as the timeline tells it; undefined: other numbers are no news there. */
export function alertEvent({ news, alert }: ToldAlert): TimelineEntry | undefined {
  if (news === 'changed') return undefined;
  const { id, subject, sentence, severity, changedAtMs, acknowledgedBy } = alert;
  const { device, model, version, rollout, label } = subject;
  const [only] = alert.devices === 1 ? alert.named : [];
  return {
    key: { source: 'server-alert', run: id, sequence: changedAtMs },
    kind: `alert-${news}`,
    atMs: changedAtMs,
    arrivedAtMs: changedAtMs,
    actor: news === 'acknowledged' ? (acknowledgedBy ?? undefined) : 'server',
    device: device ?? only,
    model,
    release: model === undefined || version === undefined ? undefined : `${model}@${version}`,
    rollout,
    label,
    code: severity,
    message: `${id}: ${sentence}`,
  };
}
