import type { FleetState } from './fleet-state.js';
import { formatClock } from './format.js';

const shown = 14;

/** What happened last, newest first. */
export function EventList({ state }: { readonly state: FleetState }) {
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      <ol class="events">
        {state.events.value.slice(0, shown).map((event) => (
          <li key={`${event.device} ${event.atMs} ${event.kind} ${event.message}`} class={toneOf(event.kind)}>
            <time>{formatClock(event.atMs)}</time>
            <span class="device">{event.device.slice(0, event.device.lastIndexOf('-'))}</span>
            <span>
              {event.message}
              {event.code !== null && <code>{event.code}</code>}
            </span>
          </li>
        ))}
        {state.events.value.length === 0 && <li class="empty">Nothing yet</li>}
      </ol>
    </section>
  );
}

function toneOf(kind: string): string {
  if (/refused|reverted|died|lost/.test(kind)) return 'bad';
  return /serving|settled|accepted/.test(kind) ? 'good' : '';
}
