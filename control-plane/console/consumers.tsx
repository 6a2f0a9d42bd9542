import type { ConsumerList, ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import { Action } from './action.js';
import { Check, Field } from './fields.js';
import { labelsOf, textOf } from './form-values.js';
import { formatDate } from './format.js';
import { Labels } from './labels.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import { SecretOnce } from './secret-once.js';
import type { ServerApi } from './server-api.js';

const kinds = ['window', 'event', 'report', 'presence', 'fleet'] as const;

/** Accounts of programs that read telemetry over MQTT. */
export function Consumers({ api }: { readonly api: ServerApi }) {
  const { value, refusal, renew } = useResource<ConsumerList>(api, 'GET /consumers');
  return (
    <section aria-labelledby="consumers-title">
      <div class="title-line">
        <h2 id="consumers-title">Telemetry consumers</h2>
        <NewConsumer api={api} done={renew} />
      </div>
      <RefusalNote refusal={refusal} />
      {value?.consumers.length === 0 && <p class="empty">None yet. A dashboard or a script reads MQTT with one.</p>}
      <ul class="rows">
        {value?.consumers.map(({ name, grant, createdAtMs, revokedAtMs }) => (
          <li key={name} class={revokedAtMs === null ? '' : 'over'}>
            <span>
              <strong>{name}</strong> {revokedAtMs !== null && <span class="badge">revoked</span>}{' '}
              <Labels labels={grant.labels} />
              <span class="detail block">
                reads {grant.kinds.join(', ')} · made {formatDate(createdAtMs)}
              </span>
            </span>
            {revokedAtMs === null && (
              <Action
                api={api}
                route="POST /consumers/:name/revoke"
                params={{ name }}
                label="Revoke"
                title={`Revoke ${name}`}
                tone="danger"
                body={() => ({})}
                done={renew}
              >
                <p>
                  Its connections end at once, and its password opens nothing any more. The name is not given again.
                </p>
              </Action>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function NewConsumer({ api, done }: { readonly api: ServerApi; readonly done: () => void }) {
  return (
    <Action<ConsumerReply>
      api={api}
      route="POST /consumers"
      label="Add a consumer"
      title="A new consumer"
      tone="primary"
      body={(form) => ({
        name: textOf(form, 'name'),
        grant: { kinds: form.getAll('kinds'), labels: labelsOf(textOf(form, 'labels')) },
      })}
      outcome={({ userName, password }) => (
        <SecretOnce name="password" secret={password}>
          MQTT user and client id <code>{userName}</code>, password:
        </SecretOnce>
      )}
      done={done}
    >
      <Field label="Name" name="name" required pattern="[a-z0-9][a-z0-9\-]{0,40}" hint="such as grafana" />
      <fieldset>
        <legend>What it reads</legend>
        {kinds.map((kind) => (
          <Check key={kind} name="kinds" value={kind} label={kind} checked={kind === 'window' || kind === 'event'} />
        ))}
      </fieldset>
      <Field label="Of devices with these labels" name="labels" placeholder="site=a" hint="empty: of all" />
    </Action>
  );
}
