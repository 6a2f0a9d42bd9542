import type { Command } from 'commander';
import type { Alert } from '@bellwether/shared/contract/alert';
import { Compile } from '@bellwether/shared/schema';
import { AlertList } from '../alerts/alert-api.js';
import { ServerStatus } from '../http/status-api.js';
import { fields } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledStatus = Compile(ServerStatus);
const compiledAlerts = Compile(AlertList);

/** `bellwether status` */
export function addStatusVerb(program: Command, parts: VerbParts): void {
  withServer(program.command('status'))
    .description('what the server is, what waits for a person, and what there is to worry about')
    .action((options: ServerOptions) => show(options, parts));
}

async function show(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const connection = await connect(options);
  const status = await connection.get('/api/v1/status', compiledStatus);
  const { alerts } = await connection.get('/api/v1/alerts', compiledAlerts);
  const text = fields([
    ['version', status.version],
    ['since', timeText(status.startedAtMs)],
    ['MQTT', status.mqttUrl],
    ['root', status.rootSha256],
    ['network', transportText(status.transport)],
    ['keys', status.development ? 'a development set: for trying out only' : 'production'],
    ...attentionLines({ ...status, alerts }),
  ]);
  print(terminal, options, { value: status, text });
}

type Attention = Pick<
  ServerStatus,
  'pending' | 'waitingRollouts' | 'clones' | 'expiring' | 'webhooks' | 'telemetryShort'
> & {
  readonly alerts: ReadonlyArray<Pick<Alert, 'state' | 'severity' | 'isSilenced'>>;
};

/** What waits for a person or is about to go wrong, one line each with the verb that ends it. */
export function attentionLines({
  pending,
  waitingRollouts,
  clones,
  expiring,
  webhooks,
  telemetryShort,
  alerts,
}: Attention): ReadonlyArray<readonly [string, string]> {
  const open = alerts.filter(({ state, isSilenced }) => state === 'open' && !isSilenced);
  const critical = open.filter(({ severity }) => severity === 'critical').length;
  const lines: ReadonlyArray<readonly [string, string]> = [
    ...pending.releases.map((release) => ['to approve', `bellwether release approve ${release} --key …`] as const),
    ...pending.devices.map((id) => ['to let in', `bellwether device approve ${id} --fingerprint …`] as const),
    ...pending.deviceKeys.map((id) => ['other key', `bellwether device approve-key ${id} --fingerprint …`] as const),
    ...waitingRollouts.map(({ id, release, why }) => {
      return ['rollout', `${id} of ${release}: ${why}: bellwether rollout explain ${id}`] as const;
    }),
    ...clones.map(
      ({ device, atMs }) => ['CLONE', `${device}: another machine has its key, ${timeText(atMs)}`] as const,
    ),
    ...(open.length === 0
      ? []
      : [['alerts', `${open.length} open, ${critical} of them critical: bellwether alerts`] as const]),
    ...webhooks.map(({ name, isDisabled, sinceMs, problem }) => {
      const what = isDisabled ? 'is disabled, and has failed' : 'fails';
      return [
        'webhook',
        `${name} ${what} since ${timeText(sinceMs)}: ${problem}: bellwether webhooks test ${name}`,
      ] as const;
    }),
    ...(telemetryShort === null
      ? []
      : [
          [
            'telemetry',
            `windows of the last hour go: --telemetry-mb ${telemetryShort.megabytes} is too little`,
          ] as const,
        ]),
    ...expiring.map(({ role, expiresAtMs }) => ['runs out', `${role}, ${timeText(expiresAtMs)}`] as const),
  ];
  return lines.length === 0 ? [['waiting', 'nothing']] : lines;
}

/** How devices and people reach the server, in words. */
export function transportText(transport: ServerStatus['transport']): string {
  switch (transport) {
    case 'tls':
      return 'TLS';
    case 'loopback':
      return 'this machine only';
    case 'plaintext-network':
      return 'NOT ENCRYPTED: tokens and passwords can be read on the way (--insecure-plaintext-network)';
  }
}
