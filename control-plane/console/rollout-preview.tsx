import type { RolloutRequest, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { RolloutPreview as Preview } from '@bellwether/control-plane/http/rollout-preview-api';
import { Action } from './action.js';
import { formatBytes, formatCount, formatDuration, formatNumber, formatRate } from './format.js';
import { hrefOf } from './place.js';
import { CannotRun } from './preview-cannot.js';
import { exposureOf } from './rollout-words.js';
import type { ServerApi } from './server-api.js';

interface PreviewProps {
  readonly api: ServerApi;
  readonly request: RolloutRequest;
  readonly preview: Preview;
}

/** What would come of a rollout: whom it reaches, what each step needs and how long that takes at the traffic of now; then the button. */
export function RolloutPreview({ api, request, preview }: PreviewProps) {
  const { release, policy, devices, online, bytes, bytesPerDevice, steps, cannot, notes } = preview;
  return (
    <section aria-labelledby="preview-title">
      <h2 id="preview-title">What would come of it</h2>
      <p class="story">
        <strong>{release}</strong> by {policy}: {formatCount(devices, 'device')}, {online} online now.
      </p>
      <p class="detail">
        {formatBytes(bytesPerDevice)} for each device that does not have it, {formatBytes(bytes)} in all.
      </p>
      {notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      {steps.length > 0 && <Steps preview={preview} />}
      <CannotRun cannot={cannot} />
      <div class="buttons">
        <Action<RolloutView>
          api={api}
          route="POST /rollouts"
          label="Start the rollout"
          title={`Start the rollout of ${release}`}
          tone="primary"
          body={() => request}
          done={({ id }) => {
            location.hash = hrefOf('rollouts', id);
          }}
        >
          <p>{consequenceOf(preview)}</p>
        </Action>
      </div>
    </section>
  );
}

function consequenceOf({ release, devices, steps }: Preview): string {
  const [first] = steps;
  if (first === undefined) {
    return `${formatCount(devices, 'device')} are ordered ${release} at once, for all their calls. Nothing compares it with the release before, and nothing takes it back by itself.`;
  }
  const begins = `${exposureOf(first)} on ${formatCount(first.devices, 'device')}`;
  const then = `It goes on by itself while the evidence is good, to ${formatCount(devices, 'device')} in the end, and goes back by itself on harm.`;
  return first.approval ? `Once somebody has approved it: ${begins}. ${then}` : `At once: ${begins}. ${then}`;
}

function Steps({ preview: { steps, seconds } }: Pick<PreviewProps, 'preview'>) {
  const isApproved = steps.some(({ approval }) => approval);
  return (
    // A region that scrolls must be reachable by keyboard.
    <div class="scroll" role="region" aria-label="Steps" tabIndex={0}>
      <table class="comparison preview">
        <thead>
          <tr>
            <th scope="col">step</th>
            <th scope="col">stratum</th>
            <th scope="col">devices</th>
            <th scope="col">canary’s calls needed</th>
            <th scope="col">takes</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step, index) => (
            <Step key={index} step={step} number={index + 1} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={4}>
              until it is done, at the traffic of the last minute{isApproved && ', and approvals'}
            </th>
            <td class="number">{timeOf(seconds)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Step({ step, number }: { readonly step: Preview['steps'][number]; readonly number: number }) {
  const { strata, approval, devices, holdSeconds } = step;
  const rows = strata.length === 0 ? [{ stratum: '', devices, calls: 0, callsPerSecond: 0, seconds: 0 }] : strata;
  return (
    <>
      {rows.map(({ stratum, devices: count, calls, callsPerSecond, seconds }, place) => (
        <tr key={stratum}>
          {place === 0 && (
            <th scope="rowgroup" rowSpan={rows.length}>
              {number} · {exposureOf(step)}
              {approval && <span class="detail block">needs an approval</span>}
              {holdSeconds > 0 && <span class="detail block">holds {formatDuration(holdSeconds)}</span>}
            </th>
          )}
          <td>{stratum === '' ? 'all others' : stratum}</td>
          <td class="number">{count}</td>
          <td class="number">
            {formatNumber(calls)}
            {calls > 0 && <span class="detail block">{formatRate(callsPerSecond)} / s come now</span>}
          </td>
          <td class="number">{timeOf(seconds)}</td>
        </tr>
      ))}
    </>
  );
}

/** Nobody can say how long it takes where no call has come. */
function timeOf(seconds: number | null): string {
  return seconds === null ? 'no calls come' : formatDuration(seconds);
}
