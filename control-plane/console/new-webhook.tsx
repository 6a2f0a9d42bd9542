import type { WebhookReply } from '@bellwether/control-plane/webhooks/webhook-api';
import { Action } from './action.js';
import { Check, Choice, Field } from './fields.js';
import { labelsOf, textOf } from './form-values.js';
import { SecretOnce } from './secret-once.js';
import type { ServerApi } from './server-api.js';

const severities = [
  ['info', 'all alerts'],
  ['warning', 'warnings and critical ones'],
  ['critical', 'critical ones'],
] as const;

/** An address that is told of alerts from now on; its secret is shown once. */
export function NewWebhook({ api, done }: { readonly api: ServerApi; readonly done: () => void }) {
  return (
    <Action<WebhookReply>
      api={api}
      route="POST /webhooks"
      label="Add a webhook"
      title="A new webhook"
      tone="primary"
      body={(form) => ({
        name: textOf(form, 'name'),
        url: textOf(form, 'url'),
        filter: {
          severity: textOf(form, 'severity'),
          labels: labelsOf(textOf(form, 'labels')),
          changes: form.has('changes'),
        },
      })}
      outcome={({ name, secret }) => (
        <SecretOnce name="secret" secret={secret}>
          <strong>{name}</strong> is told of alerts from now on. What it gets is signed with this secret:
        </SecretOnce>
      )}
      done={done}
    >
      <p>The server sends it alerts that open, get worse, are acknowledged and resolve, signed.</p>
      <Field label="Name" name="name" required pattern="[a-z0-9][a-z0-9\-]{0,40}" hint="such as pager" />
      <Field label="Address" name="url" type="url" required maxLength={2000} placeholder="https://" />
      <Choice label="Told of" name="severity" options={severities} value="info" />
      <Field label="On devices with these labels" name="labels" placeholder="site=a" hint="empty: on all" />
      <Check name="changes" label="other numbers of open alerts, too" />
    </Action>
  );
}
