import { Action } from './action.js';
import { differentKey, FingerprintField } from './fingerprint-field.js';
import { splitDeviceId } from './format.js';
import type { ServerApi } from './server-api.js';

interface KeyApprovalProps {
  readonly api: ServerApi;
  readonly id: string;
  /** Of the key that it asks for; null when it asks for none. */
  readonly fingerprint: string | null;
}

/** Agrees to a device's other key. */
export function KeyApproval({ api, id, fingerprint }: KeyApprovalProps) {
  if (fingerprint === null) return null;
  return (
    <Action
      api={api}
      route="POST /devices/:id/approve-key"
      params={{ id }}
      label="Approve the key"
      title={`Another key for ${splitDeviceId(id).name}`}
      tone="primary"
      check={(form) => differentKey(fingerprint, form)}
      body={() => ({ fingerprint })}
    >
      <p>Its session ends, and it goes on with the other key. The old key opens nothing from then on.</p>
      <FingerprintField />
    </Action>
  );
}
