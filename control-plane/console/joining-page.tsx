import type { TokenList, TokenView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { Check } from './fields.js';
import { formatCount, formatDate, splitDeviceId } from './format.js';
import { Labels } from './labels.js';
import { NewJoinToken } from './new-join-token.js';
import type { PageProps } from './page.js';
import { hrefOf } from './place.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import type { ServerApi } from './server-api.js';

/** Join tokens: who can come in by which, and who did. */
export function JoiningPage({ state, api }: PageProps) {
  // A device more is a use less.
  const cause = [...state.devices.value.values()].map(({ standing }) => standing).join();
  const { value, refusal, renew } = useResource<TokenList>(api, 'GET /tokens', { cause });
  const nowMs = state.nowMs.value;
  return (
    <section aria-labelledby="joining-title">
      <div class="title-line">
        <h2 id="joining-title">Join tokens</h2>
        <NewJoinToken api={api} done={renew} />
      </div>
      <RefusalNote refusal={refusal} />
      {value?.tokens.length === 0 && <p class="empty">None yet. A device comes in by one.</p>}
      <ul class="rows">
        {value?.tokens.map((token) => (
          <Token key={token.id} token={token} nowMs={nowMs} api={api} renew={renew} />
        ))}
      </ul>
    </section>
  );
}

interface TokenProps {
  readonly token: TokenView;
  readonly nowMs: number;
  readonly api: ServerApi;
  readonly renew: () => void;
}

function Token({ token, nowMs, api, renew }: TokenProps) {
  const { id, kind, labels, uses, usesLeft, createdAtMs, expiresAtMs, devices } = token;
  const state = stateOf(token, nowMs);
  return (
    <li class={state === 'open' ? '' : 'over'}>
      <span>
        <code>{id}</code> <span class={`badge ${state === 'open' ? 'live' : ''}`}>{state}</span>{' '}
        {kind === 'approve' && <span class="badge warning">each is approved</span>} <Labels labels={labels} />
        <span class="detail block">
          {usesLeft} of {formatCount(uses, 'use')} left · made {formatDate(createdAtMs)} · good until{' '}
          {formatDate(expiresAtMs)}
        </span>
        <Arrivals devices={devices} />
      </span>
      {token.revokedAtMs === null && (state === 'open' || devices.length > 0) && (
        <Action
          api={api}
          route="POST /tokens/:id/revoke"
          params={{ id }}
          label="Revoke"
          title={`Revoke ${id}`}
          tone="danger"
          body={(form) => (form.has('decommission') ? { decommission: true } : {})}
          done={renew}
        >
          <p>Nobody joins by it any more.</p>
          {devices.length > 0 && (
            <Check
              name="decommission"
              label={`Also decommission the ${formatCount(devices.length, 'device')} that came by it, for ever: it leaked`}
            />
          )}
        </Action>
      )}
    </li>
  );
}

function Arrivals({ devices }: { readonly devices: readonly string[] }) {
  if (devices.length === 0) return null;
  return (
    <span class="detail block">
      came by it:{' '}
      {devices.map((device, i) => (
        <>
          {i > 0 && ', '}
          <a href={hrefOf('devices', device)}>{splitDeviceId(device).name}</a>
        </>
      ))}
    </span>
  );
}

function stateOf({ revokedAtMs, expiresAtMs, usesLeft }: TokenView, nowMs: number): string {
  if (revokedAtMs !== null) return 'revoked';
  if (expiresAtMs <= nowMs) return 'expired';
  return usesLeft === 0 ? 'spent' : 'open';
}
