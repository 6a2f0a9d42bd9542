import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { ServerStatus } from '../http/operator-api.js';
import { fields } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledStatus = Compile(ServerStatus);

/** `bellwether status` */
export function addStatusVerb(program: Command, parts: VerbParts): void {
  withServer(program.command('status'))
    .description('what the server is, and what there is to worry about')
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
  ]);
  print(terminal, options, { value: status, text });
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
