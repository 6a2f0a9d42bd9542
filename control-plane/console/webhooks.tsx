import type {
  WebhookList,
  WebhookReply,
  WebhookTest,
  WebhookView,
} from '@bellwether/control-plane/webhooks/webhook-api';
import { Action } from './action.js';
import { formatCount, formatDate } from './format.js';
import { Labels } from './labels.js';
import { NewWebhook } from './new-webhook.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import { SecretOnce } from './secret-once.js';
import type { ServerApi } from './server-api.js';

const route = 'GET /webhooks';

/** Addresses that are told of alerts, and how it goes; for whoever may see them. */
export function Webhooks({ api }: { readonly api: ServerApi }) {
  return api.may(route) ? <Listed api={api} /> : null;
}

function Listed({ api }: { readonly api: ServerApi }) {
  const { value, refusal, renew } = useResource<WebhookList>(api, route);
  return (
    <section aria-labelledby="webhooks-title">
      <div class="title-line">
        <h2 id="webhooks-title">Webhooks</h2>
        <NewWebhook api={api} done={renew} />
      </div>
      <RefusalNote refusal={refusal} />
      {value?.webhooks.length === 0 && <p class="empty">None yet. A pager or a chat is told of alerts by one.</p>}
      <ul class="rows">
        {value?.webhooks.map((webhook) => (
          <li key={webhook.name} class={webhook.disabledAtMs === null ? '' : 'over'}>
            <Told webhook={webhook} />
            <Ways webhook={webhook} api={api} done={renew} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Told({ webhook }: { readonly webhook: WebhookView }) {
  const { name, url, filter, waiting, lost } = webhook;
  const { severity, rules, labels, changes } = filter;
  const least =
    severity === 'info' ? 'all alerts' : severity === 'warning' ? 'warnings and critical ones' : 'critical ones';
  return (
    <span>
      <strong>{name}</strong> {webhook.disabledAtMs !== null && <span class="badge bad">disabled</span>}{' '}
      <Labels labels={labels} />
      <span class="detail block">{url}</span>
      <span class="detail block">
        {least}
        {rules.length > 0 && ` of ${rules.join(', ')}`}
        {changes && ', and other numbers'} · {stateText(webhook)}
        {waiting > 0 && ` · ${formatCount(waiting, 'message')} on the way`}
        {lost > 0 && ` · ${lost} given up`}
      </span>
    </span>
  );
}

interface WaysProps {
  readonly webhook: WebhookView;
  readonly api: ServerApi;
  readonly done: () => void;
}

function Ways({ webhook: { name }, api, done }: WaysProps) {
  const about = { api, params: { name }, body: () => ({}), done };
  return (
    <div class="buttons">
      <Action<WebhookTest>
        {...about}
        route="POST /webhooks/:name/test"
        label="Test"
        title={`Test ${name}`}
        outcome={({ isDelivered, status, problem, tookMs }) => (
          <p>{isDelivered ? `It answered ${status ?? ''} after ${tookMs} ms.` : `Not delivered: ${problem ?? ''}.`}</p>
        )}
      >
        <p>A message of the type webhook.test is sent now. One that arrives enables a disabled webhook.</p>
      </Action>
      <Action<WebhookReply>
        {...about}
        route="POST /webhooks/:name/rotate"
        label="Rotate"
        title={`A new secret for ${name}`}
        outcome={({ secret }) => (
          <SecretOnce name="secret" secret={secret}>
            The new secret of <strong>{name}</strong>:
          </SecretOnce>
        )}
      >
        <p>
          It gets a new secret, shown once. For a day messages carry the signatures of both; then the former is worth
          nothing, and one rotated before it is worth nothing at once.
        </p>
      </Action>
      <Action<WebhookList>
        {...about}
        route="POST /webhooks/:name/remove"
        label="Remove"
        title={`Remove ${name}`}
        tone="danger"
      >
        <p>It is told of nothing more, and what is on its way to it is given up.</p>
      </Action>
    </div>
  );
}

function stateText({ failingSinceMs, problem, triedAtMs }: WebhookView): string {
  if (failingSinceMs !== null) return `failing since ${formatDate(failingSinceMs)}: ${problem ?? ''}`;
  return triedAtMs === null ? 'not used yet' : `fine, ${formatDate(triedAtMs)}`;
}
