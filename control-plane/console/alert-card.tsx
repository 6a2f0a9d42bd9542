import type { Alert } from '@bellwether/shared/contract/alert';
import { AlertActions } from './alert-actions.js';
import { causeText, forecastText, numberTexts } from './alert-words.js';
import { formatAgo, formatCount, formatDate, splitDeviceId } from './format.js';
import { hrefOf } from './place.js';
import type { ServerApi } from './server-api.js';
import { SeverityMark } from './severity-mark.js';

const shownDevices = 12;

interface CardProps {
  readonly alert: Alert;
  readonly nowMs: number;
}

/** One alert with all that is known of it, and what can be done. */
export function AlertCard({
  alert,
  nowMs,
  api,
  done,
}: CardProps & { readonly api: ServerApi; readonly done: () => void }) {
  const cause = causeText(alert);
  const { forecast, sentence, state } = alert;
  return (
    <li class={`alert ${alert.severity}`}>
      <AlertHead alert={alert} nowMs={nowMs} />
      <p class="sentence">{sentence}</p>
      {cause !== null && <p class="cause">{cause}</p>}
      {forecast !== null && state !== 'resolved' && <p class="cause">{forecastText(forecast, nowMs)}</p>}
      <Numbers alert={alert} />
      <Devices alert={alert} />
      <AlertActions alert={alert} api={api} done={done} />
    </li>
  );
}

/** Severity, state, since when, and what it is called. */
export function AlertHead({ alert, nowMs }: CardProps) {
  const { id, rule, state, isSilenced, acknowledgedBy, openedAtMs, resolvedAtMs } = alert;
  return (
    <p class="alert-head">
      <SeverityMark alert={alert} />
      <span class="badge">{stateText(state, acknowledgedBy)}</span>
      {isSilenced && state !== 'resolved' && <span class="badge">silenced</span>}
      <time title={formatDate(openedAtMs)}>
        {resolvedAtMs === null ? `opened ${formatAgo(openedAtMs, nowMs)}` : `over ${formatAgo(resolvedAtMs, nowMs)}`}
      </time>
      <a class="rule" href={hrefOf('alerts', id)}>
        {rule} {id}
      </a>
    </p>
  );
}

function Numbers({ alert: { numbers, subject } }: Pick<CardProps, 'alert'>) {
  const { rollout } = subject;
  const known = numberTexts(numbers);
  if (known.length === 0 && rollout === undefined) return null;
  return (
    <dl class="numbers">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {rollout !== undefined && (
        <div>
          <dt>rollout</dt>
          <dd>
            <a href={hrefOf('rollouts', rollout)}>{rollout}</a>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Devices({ alert: { devices, named, numbers } }: Pick<CardProps, 'alert'>) {
  if (named.length === 0) return null;
  const shown = named.slice(0, shownDevices);
  const fleet = numbers['fleetDevices'];
  return (
    <p class="on">
      {formatCount(devices, 'device')}
      {fleet !== undefined && ` of ${fleet}`}:{' '}
      {shown.map((device, i) => (
        <span key={device}>
          {i > 0 && ', '}
          <a href={hrefOf('devices', device)} title={device}>
            {splitDeviceId(device).name}
          </a>
        </span>
      ))}
      {devices > shown.length && ` and ${devices - shown.length} more`}
    </p>
  );
}

function stateText(state: Alert['state'], by: string | null): string {
  return state === 'open' || by === null ? state : `${state}, seen by ${by.replace(/^operator:/, '')}`;
}
