import type { ApiTokenList, ApiTokenReply, ApiTokenView } from '@bellwether/control-plane/http/people-api';
import { Action } from './action.js';
import { Field, NewPassword } from './fields.js';
import { numberOf, rawOf, textOf } from './form-values.js';
import { formatDate } from './format.js';
import type { PageProps } from './page.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import { RoleChoice } from './role-choice.js';
import { SecretOnce } from './secret-once.js';

const kinds: Readonly<Record<ApiTokenView['kind'], string>> = {
  'api-token': 'API token',
  login: 'login of the command line',
  session: 'login in a browser',
};

/** One's own tokens and logins; an admin's are everybody's. */
export function Credentials({ state, api }: Pick<PageProps, 'state' | 'api'>) {
  const { value, refusal, renew } = useResource<ApiTokenList>(api, 'GET /api-tokens');
  const role = state.who.value?.role ?? 'viewer';
  return (
    <section aria-labelledby="credentials-title">
      <div class="title-line">
        <h2 id="credentials-title">Tokens and logins</h2>
        <span class="buttons">
          <Action
            api={api}
            route="PUT /me/password"
            label="My password"
            body={(form) => ({ current: rawOf(form, 'current'), password: rawOf(form, 'password') })}
            done={renew}
          >
            <Field label="Current password" name="current" type="password" autocomplete="current-password" required />
            <NewPassword />
          </Action>
          <Action<ApiTokenReply>
            api={api}
            route="POST /api-tokens"
            label="Make an API token"
            title="A token for a program"
            tone="primary"
            body={(form) => ({
              label: textOf(form, 'label'),
              role: textOf(form, 'role'),
              days: numberOf(form, 'days'),
            })}
            outcome={({ token, label }) => (
              <SecretOnce name="API token" secret={token}>
                For “{label}”: <code>BELLWETHER_TOKEN</code>, or <code>Authorization: Bearer …</code>
              </SecretOnce>
            )}
            done={renew}
          >
            <Field label="What it is for" name="label" required maxLength={100} />
            <RoleChoice value="viewer" upTo={role} />
            <Field label="Days" name="days" type="number" min={1} max={366} defaultValue="90" required />
          </Action>
        </span>
      </div>
      <RefusalNote refusal={refusal} />
      <ul class="rows">
        {value?.tokens.map(({ id, kind, operator, label, role: may, createdAtMs, expiresAtMs }) => (
          <li key={id}>
            <span>
              <strong>{label}</strong> <span class="badge">{may}</span>
              <span class="detail block">
                {kinds[kind]} of {operator} · made {formatDate(createdAtMs)} ·{' '}
                {expiresAtMs === null ? 'without an end' : `until ${formatDate(expiresAtMs)}`}
              </span>
            </span>
            <Action
              api={api}
              route="DELETE /api-tokens/:id"
              params={{ id }}
              label="Revoke"
              title={`Revoke “${label}”`}
              tone="danger"
              done={renew}
            >
              <p>Whoever uses it is refused from the next request on, and pages that are open by it end at once.</p>
            </Action>
          </li>
        ))}
      </ul>
    </section>
  );
}
