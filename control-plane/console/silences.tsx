import type { SilenceList } from '@bellwether/control-plane/alerts/silence';
import { Action } from './action.js';
import { formatDate } from './format.js';
import { Labels } from './labels.js';
import type { ServerApi } from './server-api.js';

interface SilencesProps {
  readonly api: ServerApi;
  readonly silences: SilenceList['silences'];
  readonly done: () => void;
}

/** What nobody is told of now, or will be later, who said so and why. */
export function Silences({ api, silences, done }: SilencesProps) {
  if (silences.length === 0) return null;
  return (
    <section aria-labelledby="silences-title">
      <h2 id="silences-title">Silences</h2>
      <ul class="rows">
        {silences.map(({ id, rules, labels, fromMs, untilMs, every, next, by, why }) => (
          <li key={id}>
            <span>
              <strong>{rules.length === 0 ? 'Every rule' : rules.join(', ')}</strong>{' '}
              {Object.keys(labels).length === 0 ? 'on all devices' : <Labels labels={labels} />}: {why}
              <span class="detail block">
                {every !== undefined && `Again at ${every.cron} (${every.timeZone}): `}
                {formatDate(next?.fromMs ?? fromMs)} to {formatDate(next?.untilMs ?? untilMs)} · by {by}
              </span>
            </span>
            <Action
              api={api}
              route="POST /alerts/silences/:id/end"
              params={{ id }}
              label="End"
              title="End this silence"
              body={() => ({})}
              done={done}
            >
              <p>What is wrong and was kept quiet is told at once: to webhooks, consumers and in the header.</p>
            </Action>
          </li>
        ))}
      </ul>
    </section>
  );
}
