import { type Command, InvalidArgumentError, Option } from 'commander';
import { serveDefaults } from '../config.js';
import type { RunningServer, ServeOptions } from '../main.js';
import { fields } from './table.js';
import { type OutputOptions, type VerbParts, withOutput } from './verb.js';
import { wholeNumber } from './whole-number.js';

/** `bellwether serve` */
export function addServeVerb(program: Command, parts: VerbParts): void {
  const { data, host, httpPort, mqttPort, windowDays, eventDays, minuteDays, hourDays, metricLabels } = serveDefaults;
  const { telemetryMb, deviceMessages } = serveDefaults;
  withOutput(program.command('serve'))
    .description('run the server: catalogue, fleet, rollouts, broker and console in one process')
    .option('--data <dir>', 'the data folder', data)
    .option('--keys <dir>', 'the server folder of a key set (bellwether keys init), needed on the first start')
    .option('--host <address>', 'where to listen', host)
    .option('--http-port <port>', 'HTTP; 0 takes any free port', port, httpPort)
    .option('--mqtt-port <port>', 'MQTT; 0 takes any free port', port, mqttPort)
    .option('--window-days <days>', 'how long windows are kept', days, windowDays)
    .option('--event-days <days>', 'how long events are kept', days, eventDays)
    .option('--minute-days <days>', 'how long series are kept by the minute', days, minuteDays)
    .option('--hour-days <days>', 'how long series are kept by the hour', days, hourDays)
    .option(
      '--telemetry-mb <MB>',
      'room for windows and series; beyond it the oldest windows go',
      wholeNumber,
      telemetryMb,
    )
    .option('--device-messages <number>', 'messages a second taken of one device', wholeNumber, deviceMessages)
    .option('--metric-labels <keys...>', 'labels of devices that series are kept by', [...metricLabels])
    .option('--alert-rules <file>', 'rules of alerts that are to hold otherwise (bellwether alerts rules prints them)')
    .option('--prometheus-label <key>', 'a label of devices that /metrics tells calls apart by, such as hardware')
    .option('--webhook-networks <networks...>', 'private networks that webhooks may be sent to, 10.1.0.0/16')
    .option('--tls-cert <file>', 'certificate with its chain (PEM), for HTTP and MQTT; read again at SIGHUP')
    .option('--tls-key <file>', "the certificate's key (PEM)")
    .option('--insecure-plaintext-network', 'listen beyond this machine without TLS: tokens can be read on the way')
    .option('--blob-cdn <url>', 'a CDN that devices are sent to for blobs, with URLs that are signed for an hour')
    .option(
      '--new-operator-token',
      'make a new first admin token: for whoever owns the data folder and lost every way in',
    )
    .addOption(
      new Option('--log-level <level>', 'what to log')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .action((options: ServeOptions & OutputOptions) => run(options, parts));
}

async function run({ json, ...options }: ServeOptions & OutputOptions, { terminal }: VerbParts): Promise<void> {
  // Only here: a publisher's laptop has no use for the database and the broker.
  const { serve } = await import('../main.js');
  const server = await serve(options);
  const { httpUrl, mqttUrl, operatorTokenFile, development } = server;
  const value = { httpUrl, mqttUrl, operatorTokenFile, development };
  // One line, so that a program can read it while the server goes on.
  terminal.out(json === true ? `${JSON.stringify(value)}\n` : `${servingText(server)}\n`);
  await server.stopped;
}

function servingText({ httpUrl, mqttUrl, operatorTokenFile, development }: RunningServer): string {
  const lines = [
    fields([
      ['console', httpUrl],
      ['API', `${httpUrl}/docs`],
      ['MQTT', mqttUrl],
      ['operator token', operatorTokenFile],
    ]),
  ];
  if (development) lines.push('These are development keys: only devices that are told to will believe them.');
  return `${lines.join('\n')}\nCtrl-C stops it.`;
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
}

function days(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 3650) return value;
  throw new InvalidArgumentError('It is a number of days from 1 to 3650.');
}
