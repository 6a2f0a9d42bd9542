import type { SilenceList } from '@bellwether/control-plane/alerts/silence';
import { AlertCard, AlertHead } from './alert-card.js';
import { inOrder, openAlerts } from './alert-words.js';
import { formatCount } from './format.js';
import type { PageProps } from './page.js';
import { hrefOf } from './place.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import { SilenceAction } from './silence-action.js';
import { Silences } from './silences.js';

const shownActive = 50;
const shownResolved = 20;

/** What is wrong with the fleet, the worst first; what was; and what nobody is told of. */
export function AlertsPage({ state, api, subject }: PageProps) {
  const all = inOrder(state.alerts.value);
  // A silence that begins or ends changes what alerts say of themselves.
  const cause = all.filter(({ isSilenced }) => isSilenced).length;
  const { value, refusal, renew } = useResource<SilenceList>(api, 'GET /alerts/silences', { cause: String(cause) });
  const nowMs = state.nowMs.value;
  const one = subject === null ? undefined : all.find(({ id }) => id === subject);
  const active = one === undefined ? all.filter((alert) => alert.state !== 'resolved') : [one];
  const resolved = one === undefined ? all.filter((alert) => alert.state === 'resolved') : [];
  return (
    <>
      <section aria-labelledby="alerts-title">
        <div class="title-line">
          <h2 id="alerts-title">Alerts</h2>
          {subject === null ? <SilenceAction api={api} done={renew} /> : <a href={hrefOf('alerts')}>All alerts</a>}
        </div>
        {subject !== null && one === undefined && <p class="empty">There is no alert {subject}, or no longer.</p>}
        {subject === null && active.length === 0 && <p class="empty">Nothing is wrong.</p>}
        {/* Said aloud when it changes, and seen in the header. */}
        <p class="unseen" role="status">
          {formatCount(openAlerts(all).length, 'open alert')}
        </p>
        <ul class="alerts">
          {(subject === null || one !== undefined ? active : []).slice(0, shownActive).map((alert) => (
            <AlertCard key={alert.id} alert={alert} nowMs={nowMs} api={api} done={renew} />
          ))}
        </ul>
        {active.length > shownActive && <p class="empty">and {active.length - shownActive} more: bellwether alerts</p>}
      </section>
      <RefusalNote refusal={refusal} />
      <Silences api={api} silences={value?.silences ?? []} done={renew} />
      {subject === null && resolved.length > 0 && (
        <section aria-labelledby="resolved-title">
          <h2 id="resolved-title">Resolved</h2>
          <ul class="alerts short">
            {resolved.slice(0, shownResolved).map((alert) => (
              <li key={alert.id} class="alert">
                <AlertHead alert={alert} nowMs={nowMs} />
                <p>{alert.sentence}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
