import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { Choice, Field } from './fields.js';
import { labelsOf, numberOf, textOf } from './form-values.js';
import { formatCount, formatDate } from './format.js';
import { SecretOnce } from './secret-once.js';
import type { ServerApi } from './server-api.js';

interface NewJoinTokenProps {
  readonly api: ServerApi;
  readonly done: () => void;
}

/** Makes a join token, and shows it this once. */
export function NewJoinToken({ api, done }: NewJoinTokenProps) {
  return (
    <Action<TokenReply>
      api={api}
      route="POST /tokens"
      label="Make a token"
      title="A new join token"
      tone="primary"
      body={(form) => ({
        kind: textOf(form, 'kind'),
        uses: numberOf(form, 'uses'),
        hours: numberOf(form, 'hours'),
        labels: labelsOf(textOf(form, 'labels')),
      })}
      outcome={({ token, uses, expiresAtMs }) => (
        <SecretOnce name="join token" secret={token}>
          It lets {formatCount(uses, 'device')} in until {formatDate(expiresAtMs)}: <code>joinToken</code> in
          agent.yaml.
        </SecretOnce>
      )}
      done={done}
    >
      <Choice
        label="Who comes by it"
        name="kind"
        value="approve"
        options={[
          ['approve', 'waits until its fingerprint was compared'],
          ['auto', 'is in at once'],
        ]}
      />
      <div class="pair">
        <Field label="Devices" name="uses" type="number" min={1} max={100} defaultValue="1" required />
        <Field label="Hours" name="hours" type="number" min={1} max={24} defaultValue="24" required />
      </div>
      <Field
        label="Labels of these devices"
        name="labels"
        placeholder="hardware=rpi4,site=a"
        hint="The device cannot choose others"
      />
    </Action>
  );
}
