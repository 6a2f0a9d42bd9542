import type { ReleaseView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { CopyLine } from './copy-line.js';
import { Facts } from './facts.js';
import { Field } from './fields.js';
import { textOf } from './form-values.js';
import { formatAgo, formatBytes, formatCount } from './format.js';
import type { PageProps } from './page.js';
import { benchmarkText } from './release-comparison.js';

type Props = Pick<PageProps, 'state' | 'api'>;

/** Releases that somebody asked to approve. The approval is a signature: its key never comes near a browser, so here is what the approver runs. */
export function ReleaseApprovals({ state, api }: Props) {
  const releases = [...state.releases.value.values()].filter(({ promotion }) => promotion?.state === 'pending');
  return (
    <section aria-labelledby="release-approvals-title">
      <h2 id="release-approvals-title">Releases for production</h2>
      {releases.length === 0 && <p class="empty">No release waits for an approver.</p>}
      <ul class="cards">
        {releases.map((release) => (
          <Request key={release.release} release={release} state={state} api={api} />
        ))}
      </ul>
    </section>
  );
}

function Request({ release, state, api }: Props & { readonly release: ReleaseView }) {
  const { promotion, lineage } = release;
  const command = `bellwether release approve ${release.release} --key approver.key --server ${location.origin}`;
  return (
    <li>
      <h3>{release.release}</h3>
      {promotion?.note && <p class="note">{promotion.note}</p>}
      <Facts
        facts={[
          [
            'asked by',
            promotion &&
              `${promotion.requestedBy ?? 'somebody'}, ${formatAgo(promotion.requestedAtMs, state.nowMs.value)}`,
          ],
          ['benchmark', benchmarkText(release, state.releases.value.values())],
          ['manifest', <code>sha256:{release.manifest}</code>],
          ['size', `${formatBytes(release.bytes)} in ${formatCount(release.files, 'file')}`],
          lineage && ['made from', `${lineage.data}, commit ${lineage.gitCommit}`],
        ]}
      />
      <p class="detail">
        An approver runs this where the key is; it fetches, hashes and runs the release before it signs:
      </p>
      <CopyLine name="command" text={command} />
      <div class="buttons">
        <Action
          api={api}
          route="POST /releases/:model/:version/rejection"
          params={{ model: release.model, version: release.version }}
          label="Decline"
          title={`Decline ${release.release}`}
          tone="danger"
          body={(form) => ({ reason: textOf(form, 'reason') })}
        >
          <p>Nothing is signed, and no device is affected. It can be asked for again.</p>
          <Field label="Reason" name="reason" required maxLength={500} />
        </Action>
      </div>
    </li>
  );
}
