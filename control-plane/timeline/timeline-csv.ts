import type { TimelineEvent } from './timeline-api.js';

/** Rows as CSV (RFC 4180), times in ISO 8601. Messages are anybody's text: quoted, and none begins a formula in a spreadsheet. */
export function csvOf(events: readonly TimelineEvent[]): string {
  const lines = events.map((event) =>
    [
      new Date(event.atMs).toISOString(),
      event.id,
      event.source,
      event.actor,
      event.kind,
      event.device,
      event.model,
      event.release,
      event.rollout,
      event.label,
      event.code,
      event.message,
    ]
      .map(cell)
      .join(','),
  );
  return ['time,id,source,actor,kind,device,model,release,rollout,label,code,message', ...lines, ''].join('\r\n');
}

function cell(value: string | number | null): string {
  const text = String(value ?? '').replace(/^(?=[=+@\t\r-])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
