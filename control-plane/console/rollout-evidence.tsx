import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { EvidenceChart } from './evidence-chart.js';
import { formatClock } from './format.js';
import { verdictText } from './rollout-words.js';

/** What the evidence says: how much there is of harm against what it takes, and the verdict in its own sentences. */
export function RolloutEvidence({ rollout }: { readonly rollout: RolloutView }) {
  const { verdict, history, steps, actions } = rollout;
  if (steps.length === 0) return null;
  if (verdict === null) {
    return (
      <section aria-labelledby="verdict-title">
        <h2 id="verdict-title">Verdict</h2>
        <p class="empty">
          {actions.length > 0 ? 'No canary has been measured yet.' : 'It ended before a canary was measured.'}
        </p>
      </section>
    );
  }
  const { value, reasons, logHarm, logHarmLimit, atMs } = verdict;
  return (
    <div class="charts">
      <EvidenceChart history={history} limit={logHarmLimit} now={logHarm} />
      <section aria-labelledby="verdict-title">
        <h2 id="verdict-title">
          Verdict <span class={`badge verdict-${value}`}>{verdictText(value)}</span>
        </h2>
        {/* A region that scrolls must be reachable by keyboard. */}
        <div class="reasons" role="region" aria-label="Reasons" tabIndex={0}>
          <ul>
            {reasons.map(({ code, text }, index) => (
              <li key={index} class={code === 'harm' || code === 'unpaired-limit' ? 'bad' : ''}>
                {text}
              </li>
            ))}
          </ul>
        </div>
        <p class="detail">at {formatClock(atMs)}</p>
      </section>
    </div>
  );
}
