import type { Alert } from '@bellwether/shared/contract/alert';
import { Action } from './action.js';
import { Field } from './fields.js';
import { textOf } from './form-values.js';
import type { ServerApi } from './server-api.js';
import { SilenceAction } from './silence-action.js';

interface ActionsProps {
  readonly alert: Alert;
  readonly api: ServerApi;
  readonly done: () => void;
}

/** What a person can do about an alert; what is over wants nothing. */
export function AlertActions({ alert, api, done }: ActionsProps) {
  const { id, state, rule, subject, attribution } = alert;
  if (state === 'resolved') return null;
  return (
    <div class="buttons">
      {state === 'open' && (
        <Action<Alert>
          api={api}
          route="POST /alerts/:id/acknowledge"
          params={{ id }}
          label="Acknowledge"
          title={`Acknowledge ${rule} ${id}`}
          body={(form) => {
            const why = textOf(form, 'why');
            return why === '' ? {} : { why };
          }}
        >
          <p>
            Everybody sees that you have taken note of it, and webhooks and consumers are told. It changes nothing on
            any device, and ends by itself when what is wrong is over. It <strong>opens again</strong> when it gets
            critical, or when half as many other devices join it.
          </p>
          <Field label="Why (for the audit log)" name="why" maxLength={500} />
        </Action>
      )}
      <SilenceAction api={api} rule={rule} label={attribution?.common?.label ?? subject.label ?? ''} done={done} />
    </div>
  );
}
