import { Consumers } from './consumers.js';
import { Credentials } from './credentials.js';
import { OperatorAccounts } from './operator-accounts.js';
import type { PageProps } from './page.js';
import { Webhooks } from './webhooks.js';

/** Who and what gets in besides devices: people, their tokens and logins, programs that read telemetry; and who outside is told of alerts. */
export function AccessPage({ state, api }: PageProps) {
  return (
    <>
      <Credentials state={state} api={api} />
      {api.may('GET /operators') && <OperatorAccounts api={api} />}
      {api.may('GET /consumers') && <Consumers api={api} />}
      <Webhooks api={api} />
    </>
  );
}
