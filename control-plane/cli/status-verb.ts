import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { ServerStatus } from '../http/status-api.js';
import { fields } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledStatus = Compile(ServerStatus);

/** `bellwether status` */
export function addStatusVerb(program: Command, parts: VerbParts): void {
  withServer(program.command('status'))
    .description('what the server is, what waits for a person, and what there is to worry about')
    .action((options: ServerOptions) => show(options, parts));
}

async function show(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const status = await (await connect(options)).get('/api/v1/status', compiledStatus);
  const text = fields([
    ['version', status.version],
    ['since', timeText(status.startedAtMs)],
    ['MQTT', status.mqttUrl],
    ['root', status.rootSha256],
    ['network', transportText(status.transport)],
    ['keys', status.development ? 'a development set: for trying out only' : 'production'],
    ...attentionLines(status),
  ]);
  print(terminal, options, { value: status, text });
}

/** What waits for a person or is about to go wrong, one line each with the verb that ends it. */
export function attentionLines({
  pending,
  waitingRollouts,
  clones,
  expiring,
  webhooks,
}: Pick<ServerStatus, 'pending' | 'waitingRollouts' | 'clones' | 'expiring' | 'webhooks'>): ReadonlyArray<
  readonly [string, string]
> {
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
    ...webhooks.map(({ name, isDisabled, sinceMs, problem }) => {
      const what = isDisabled ? 'is disabled, and has failed' : 'fails';
      return [
        'webhook',
        `${name} ${what} since ${timeText(sinceMs)}: ${problem}: bellwether webhooks test ${name}`,
      ] as const;
    }),
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
