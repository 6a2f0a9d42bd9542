import type { ComponentChildren } from 'preact';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { Action } from './action.js';
import { DayCharts } from './day-charts.js';
import { DeviceAlerts } from './device-alerts.js';
import { healthOf } from './device-health.js';
import { DeviceHolds } from './device-holds.js';
import { DeviceInquiry } from './device-inquiry.js';
import { Facts } from './facts.js';
import { formatAgo, formatDate, splitDeviceId } from './format.js';
import { KeyApproval } from './key-approval.js';
import { Labels } from './labels.js';
import type { PageProps } from './page.js';
import { hrefOf } from './place.js';
import { servedBy } from './served-releases.js';
import { Timeline } from './timeline.js';

/** One device: who it is, what it runs, what happened on it, and the way out. */
export function DevicePage({ state, api, subject }: PageProps) {
  const device = state.devices.value.get(subject ?? '');
  if (device === undefined) {
    return (
      <section>
        <p class="empty">
          There is no device {subject}. <a href={hrefOf('')}>All devices</a>
        </p>
      </section>
    );
  }
  const { id } = device;
  const clone = state.status.value?.clones.find((each) => each.device === id);
  return (
    <>
      <section aria-labelledby="device-title">
        <h2 id="device-title" class="name">
          {splitDeviceId(id).name}
        </h2>
        {clone !== undefined && (
          <p class="alarm">
            Two of its receipts have one predecessor ({formatDate(clone.atMs)}): another machine holds its key, or it
            was set back to an older image. Compare the machines; when in doubt, decommission it and let it join anew.
          </p>
        )}
        <Facts facts={[...identityOf(device), ...conditionOf(device, state.nowMs.value)]} />
        <div class="buttons">
          <KeyApproval api={api} id={id} fingerprint={device.nextFingerprint} />
          {device.standing === 'approved' && <DeviceInquiry api={api} device={device} />}
          {device.standing !== 'decommissioned' && (
            <Action
              api={api}
              route="POST /devices/:id/decommission"
              params={{ id }}
              label="Decommission"
              title={`Decommission ${splitDeviceId(id).name}`}
              tone="danger"
              body={() => ({})}
            >
              <p>
                Its connection ends, its order is cleared, and its key is refused <strong>for ever</strong>. To come
                back it needs a new key and a join token.
              </p>
            </Action>
          )}
        </div>
      </section>
      <DeviceAlerts state={state} device={id} />
      {device.standing === 'approved' && <DeviceHolds state={state} api={api} device={device} />}
      <DayCharts state={state} api={api} device={id} />
      <Timeline state={state} api={api} about={{ device: id }} />
    </>
  );
}

type Fact = readonly [name: string, what: ComponentChildren];

function identityOf({ id, fingerprint, nextFingerprint, standing, tokenId, labels, enrolledAtMs }: DeviceView): Fact[] {
  return [
    ['id', <code>{id}</code>],
    ['standing', standing],
    ['fingerprint', <code>{fingerprint}</code>],
    ...(nextFingerprint === null ? [] : [['asks for', <code>{nextFingerprint}</code>] as const]),
    [
      'joined',
      <>
        {formatDate(enrolledAtMs)}, by token <code>{tokenId}</code>
      </>,
    ],
    ...(Object.keys(labels).length === 0 ? [] : [['labels', <Labels labels={labels} />] as const]),
  ];
}

function conditionOf(device: DeviceView, nowMs: number): Fact[] {
  const { word, detail } = healthOf(device);
  const { report, ordered } = device;
  const served = servedBy(device);
  const orderedModels = Object.entries(ordered?.models ?? {}).map(([model, version]) => `${model}@${version}`);
  return [
    ['health', detail === '' ? word : `${word}: ${detail}`],
    ['last seen', formatAgo(device.lastSeenMs, nowMs)],
    [
      'ordered',
      ordered === null ? 'nothing yet' : `${orderedModels.join(', ') || 'no model'} (generation ${ordered.generation})`,
    ],
    ['serves', served.length === 0 ? 'nothing' : served.join(', ')],
    ...(device.slowed === null
      ? []
      : [['slowed', `sends too fast since ${formatDate(device.slowed.sinceMs)}: messages wait`] as const]),
    ...(report === null
      ? []
      : [
          [
            'agent',
            `${report.agent.version} on ${report.agent.platform} ${report.agent.arch}, accepts ${report.stage}${report.development ? ', believes a development root' : ''}`,
          ] as const,
        ]),
  ];
}
