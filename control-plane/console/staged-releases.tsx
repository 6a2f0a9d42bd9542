import type { ReleaseView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { Field } from './fields.js';
import { textOf } from './form-values.js';
import type { PageProps } from './page.js';
import { benchmarkText } from './release-comparison.js';

type Props = Pick<PageProps, 'state' | 'api'>;

/** Staged releases that nobody has asked to approve, or that were declined. */
export function StagedReleases({ state, api }: Props) {
  const releases = [...state.releases.value.values()].filter(
    ({ staging, production, withdrawn, promotion }) =>
      staging && !production && withdrawn === null && promotion?.state !== 'pending',
  );
  if (releases.length === 0) return null;
  return (
    <section aria-labelledby="staged-title">
      <h2 id="staged-title">In staging</h2>
      <ul class="rows">
        {releases.map((release) => (
          <li key={release.release}>
            <span>
              <strong>{release.release}</strong>
              <span class="detail">
                {' '}
                {standingOf(release)} · {benchmarkText(release, state.releases.value.values())}
              </span>
            </span>
            <Action
              api={api}
              route="POST /releases/:model/:version/promotion"
              params={{ model: release.model, version: release.version }}
              label="Ask for approval"
              title={`Ask to approve ${release.release}`}
              body={(form) => (textOf(form, 'note') === '' ? {} : { note: textOf(form, 'note') })}
            >
              <p>It waits for an approver from then on. Nothing is rolled out by that.</p>
              <Field label="Note for the approvers" name="note" maxLength={1000} />
            </Action>
          </li>
        ))}
      </ul>
    </section>
  );
}

function standingOf({ promotion }: ReleaseView): string {
  return promotion === null ? 'nobody has asked yet' : `declined: ${promotion.reason ?? 'without a reason'}`;
}
