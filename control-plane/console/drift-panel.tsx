import { useComputed } from '@preact/signals';
import type { AccuracyView, DriftReply } from '@bellwether/control-plane/http/drift-api';
import { type DriftLine, driftWord, type ReleaseDrift, releaseDrifts } from './drift-lines.js';
import type { FleetState } from './fleet-state.js';
import { formatCount, formatPct, formatWhen } from './format.js';
import { useResource } from './resource.js';
import type { ServerApi } from './server-api.js';

const route = 'GET /telemetry/drift';
const shownLines = 6;

/** Which watched values of which release have shifted, how far, since when, and what its answers are likely to be worth. */
export function DriftPanel({ state, api }: { readonly state: FleetState; readonly api: ServerApi }) {
  return api.may(route) ? <Drift state={state} api={api} /> : null;
}

function Drift({ state, api }: { readonly state: FleetState; readonly api: ServerApi }) {
  // The server looks once a minute.
  const minute = useComputed(() => String(Math.floor(state.nowMs.value / 60_000)));
  const { value } = useResource<DriftReply>(api, route, { cause: minute.value });
  const releases = value === null ? [] : releaseDrifts(value);
  if (value === null || releases.length === 0) return null;
  return (
    <section aria-labelledby="drift-title" class="drift">
      <h2 id="drift-title">Drift</h2>
      {releases.map((release) => (
        <Release key={release.release} release={release} nowMs={value.atMs ?? 0} />
      ))}
    </section>
  );
}

function Release({
  release: { release, devices, streams, lines, accuracy },
  nowMs,
}: {
  readonly release: ReleaseDrift;
  readonly nowMs: number;
}) {
  const watched = `${formatCount(streams, 'value')} on ${formatCount(devices, 'device')}`;
  const story =
    lines.length === 0 ? `is asked what it was made for: ${watched}` : `${lines.length} of ${watched} have shifted`;
  return (
    <div class="drifting">
      <p>
        <strong>{release}</strong> {story}
        {accuracy !== null && <Accuracy accuracy={accuracy} />}
      </p>
      {lines.length > 0 && (
        <ul>
          {lines.slice(0, shownLines).map((line) => (
            <Line key={line.value} line={line} nowMs={nowMs} />
          ))}
          {lines.length > shownLines && (
            <li class="empty">and {formatCount(lines.length - shownLines, 'more value')}</li>
          )}
        </ul>
      )}
    </div>
  );
}

function Line({
  line: { value, on, sinceMs, stabilityIndex },
  nowMs,
}: {
  readonly line: DriftLine;
  readonly nowMs: number;
}) {
  const parts = Math.min(1, stabilityIndex);
  return (
    <li>
      <strong>{value}</strong>
      <span class="how-far">
        <i class="bar" aria-hidden="true">
          <i style={{ width: `${100 * parts}%` }} />
        </i>
        {driftWord(stabilityIndex)} <span class="number">{stabilityIndex.toFixed(2)}</span>
      </span>
      <span class="where">
        {on}, since {formatWhen(sinceMs, nowMs)}
      </span>
    </li>
  );
}

function Accuracy({
  accuracy: { accuracy, referenceAccuracy, standardError, isLow },
}: {
  readonly accuracy: AccuracyView;
}) {
  const estimate = `${formatPct(100 * accuracy)} ± ${formatPct(200 * standardError)}`;
  return (
    <span class={isLow ? 'estimate low' : 'estimate'}>
      {' '}
      · estimated accuracy {estimate}, {formatPct(100 * referenceAccuracy)} on its reference
    </span>
  );
}
