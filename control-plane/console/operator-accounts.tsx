import type { OperatorList, OperatorView } from '@bellwether/control-plane/http/people-api';
import { Action } from './action.js';
import { Field, NewPassword } from './fields.js';
import { rawOf, textOf } from './form-values.js';
import { formatDate } from './format.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import { RoleChoice } from './role-choice.js';
import type { ServerApi } from './server-api.js';

interface AccountsProps {
  readonly api: ServerApi;
}

/** Everybody with an account, for admins. */
export function OperatorAccounts({ api }: AccountsProps) {
  const { value, refusal, renew } = useResource<OperatorList>(api, 'GET /operators');
  return (
    <section aria-labelledby="operators-title">
      <div class="title-line">
        <h2 id="operators-title">People</h2>
        <Action
          api={api}
          route="POST /operators"
          label="Add somebody"
          title="A new account"
          tone="primary"
          body={(form) => ({
            name: textOf(form, 'name'),
            role: textOf(form, 'role'),
            ...(rawOf(form, 'password') !== '' && { password: rawOf(form, 'password') }),
          })}
          done={renew}
        >
          <Field
            label="Name"
            name="name"
            required
            pattern="[a-z][a-z0-9._\-]{0,31}"
            hint="small letters and digits, such as alice"
          />
          <RoleChoice value="viewer" />
          <Field
            label="First password"
            name="password"
            type="password"
            autocomplete="new-password"
            hint="12 characters or more; empty: for programs, which come with API tokens"
          />
        </Action>
      </div>
      <RefusalNote refusal={refusal} />
      <ul class="rows">
        {value?.operators.map((operator) => (
          <Account key={operator.name} operator={operator} api={api} renew={renew} />
        ))}
      </ul>
    </section>
  );
}

interface AccountProps extends AccountsProps {
  readonly operator: OperatorView;
  readonly renew: () => void;
}

function Account({ operator, api, renew }: AccountProps) {
  const { name, role, hasPassword, createdAtMs } = operator;
  const same = { api, params: { name }, done: renew };
  return (
    <li>
      <span>
        <strong>{name}</strong> <span class="badge">{role}</span>
        <span class="detail block">
          since {formatDate(createdAtMs)}
          {!hasPassword && ' · no password'}
        </span>
      </span>
      <span class="buttons">
        <Action
          {...same}
          route="PATCH /operators/:name"
          label="Role"
          title={`The role of ${name}`}
          body={(form) => ({ role: textOf(form, 'role') })}
        >
          <p>It counts from the next request on; none of their tokens does more than this.</p>
          <RoleChoice value={role} />
        </Action>
        <Action
          {...same}
          route="PUT /operators/:name/password"
          label="Password"
          title={`A new password for ${name}`}
          body={(form) => ({ password: rawOf(form, 'password') })}
        >
          <p>Their logins end at once; their API tokens stay.</p>
          <NewPassword />
        </Action>
        <Action {...same} route="DELETE /operators/:name" label="Remove" title={`Remove ${name}`} tone="danger">
          <p>
            The account goes, and with it every login and API token of {name}: programs that use one are refused from
            the next request on.
          </p>
        </Action>
      </span>
    </li>
  );
}
