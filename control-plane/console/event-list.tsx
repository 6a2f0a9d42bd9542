import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import { type EventLine, eventLines } from './event-lines.js';
import { formatClock, splitDeviceId } from './format.js';

const shown = 12;
const shownNames = 3;

interface EventListProps {
  /** Newest first. */
  readonly events: readonly TimelineEvent[];
  /** Devices of the fleet: what all of them did is told as one. */
  readonly fleetSize: number;
}

/** What happened last, newest first. */
export function EventList({ events, fleetSize }: EventListProps) {
  const lines = eventLines(events);
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {lines.length === 0 && <p class="empty">Nothing yet</p>}
      <ol class="events">
        {lines.slice(0, shown).map((line) => (
          <li key={`${line.atMs} ${line.code} ${line.sentence} ${line.devices[0]}`} class={line.tone}>
            <time>{formatClock(line.atMs)}</time>
            <span>
              {line.devices.length > 0 && <strong>{namesOf(line, fleetSize)} </strong>}
              {line.sentence}
              {line.code !== null && <code>{line.code}</code>}
              {line.times > Math.max(1, line.devices.length) && <span class="detail"> ×{line.times}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function namesOf({ devices }: EventLine, fleetSize: number): string {
  if (devices.length > 1 && devices.length === fleetSize) return `all ${fleetSize} devices`;
  const names = devices.slice(0, shownNames).map((id) => splitDeviceId(id).name);
  const others = devices.length - names.length;
  return names.join(', ') + (others > 0 ? ` and ${others} more` : '');
}
