import { Facts } from './facts.js';
import { splitDeviceId } from './format.js';
import { KeyApproval } from './key-approval.js';
import type { PageProps } from './page.js';

/** Devices that ask to go on with another key. Whoever stole the old key can ask too: a person compares. */
export function KeyApprovals({ state, api }: Pick<PageProps, 'state' | 'api'>) {
  const waiting = new Set(state.status.value?.pending.deviceKeys);
  const devices = [...state.devices.value.values()].filter(({ id }) => waiting.has(id));
  if (devices.length === 0) return null;
  return (
    <section aria-labelledby="key-approvals-title">
      <h2 id="key-approvals-title">Other keys of devices</h2>
      <ul class="cards">
        {devices.map(({ id, fingerprint, nextFingerprint }) => (
          <li key={id}>
            <h3>{splitDeviceId(id).name}</h3>
            <Facts
              facts={[
                ['has', <code>{fingerprint}</code>],
                ['asks for', <code>{nextFingerprint}</code>],
              ]}
            />
            <div class="buttons">
              <KeyApproval api={api} id={id} fingerprint={nextFingerprint} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
