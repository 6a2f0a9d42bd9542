import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatMoment } from './format.js';

/** What happened to a rollout, the newest first: what persons decided, and what the evidence did. */
export function RolloutTimeline({ timeline }: Pick<RolloutView, 'timeline'>) {
  if (timeline.length === 0) return null;
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">What happened</h2>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div class="timeline" role="region" aria-labelledby="timeline-title" tabIndex={0}>
        <ol class="events">
          {timeline.toReversed().map(({ atMs, code, text }, index) => (
            <li key={timeline.length - index} class={code === 'harm' || code === 'rolling-back' ? 'bad' : ''}>
              <time>{formatMoment(atMs)}</time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
