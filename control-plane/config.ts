import { CodedError } from '@bellwether/shared/errors';
import { labelPattern } from '@bellwether/shared/ids';
import { isLoopback } from './messaging/loopback.js';

/** What `bellwether serve` may be told. Ports: 0 takes any free one. */
export interface ServeSettings {
  /** The data folder. */
  readonly data: string;
  readonly host: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** How long windows and events are kept, and series by the minute and by the hour. */
  readonly windowDays: number;
  readonly eventDays: number;
  readonly minuteDays: number;
  readonly hourDays: number;
  /** Room that windows and series may take, in MB of 2^20 bytes; beyond it the oldest windows go first. */
  readonly telemetryMb: number;
  /** Messages a second that are taken of one device over time. */
  readonly deviceMessages: number;
  /** Device labels that series are kept by, beside those of the whole fleet. */
  readonly metricLabels: readonly string[];
  /** YAML or JSON: which rules of alerts are to hold otherwise than by default. */
  readonly alertRules?: string;
  /** The device label that `/metrics` tells calls apart by, beside release and arm; undefined: by none. */
  readonly prometheusLabel?: string;
  /** Networks besides the internet that webhooks may be sent to, `10.1.0.0/16`. */
  readonly webhookNetworks: readonly string[];
  /** Where devices are sent for blobs, with signed URLs; undefined: they download from here. */
  readonly blobCdn?: string;
  /** PEM files of the certificate (with its chain) and its key, for HTTP and MQTT; both or neither. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Listens beyond this machine without TLS. */
  readonly insecurePlaintextNetwork?: boolean;
}

/** What was said on the command line; the rest are defaults. */
export type GivenSettings = { readonly [Name in keyof ServeSettings]?: ServeSettings[Name] | undefined };

/** A setting that is out of its bounds. */
export class ConfigError extends CodedError<'config-invalid' | 'plaintext-network'> {}

export const serveDefaults: ServeSettings = {
  data: 'bellwether-data',
  host: '127.0.0.1',
  httpPort: 8080,
  mqttPort: 1883,
  windowDays: 7,
  eventDays: 30,
  minuteDays: 7,
  hourDays: 400,
  telemetryMb: 8192,
  deviceMessages: 50,
  metricLabels: ['hardware', 'site'],
  webhookNetworks: [],
};

/** Whole numbers: from, to. */
const numbers = [
  ['httpPort', 0, 65_535],
  ['mqttPort', 0, 65_535],
  ['windowDays', 1, 3650],
  ['eventDays', 1, 3650],
  ['minuteDays', 1, 3650],
  ['hourDays', 1, 3650],
  ['telemetryMb', 64, 1_000_000],
  ['deviceMessages', 1, 100_000],
] as const;

/** Fills in the defaults and holds every number to its bounds; throws ConfigError. */
export function serveSettings(given: GivenSettings): ServeSettings {
  const told = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: ServeSettings = { ...serveDefaults, ...told };
  for (const [name, lowest, highest] of numbers) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < lowest || value > highest) {
      throw new ConfigError(
        'config-invalid',
        `${name} is ${value}; it must be a whole number from ${lowest} to ${highest}`,
      );
    }
  }
  if (settings.data === '' || settings.host === '')
    throw new ConfigError('config-invalid', 'data and host must not be empty');
  const label = settings.metricLabels.find((key) => !new RegExp(labelPattern).test(key));
  if (label !== undefined || settings.metricLabels.length > 8)
    throw new ConfigError('config-invalid', `metricLabels are up to 8 keys of labels; ${label ?? 'there are more'}`);
  if (settings.prometheusLabel !== undefined && !new RegExp(labelPattern).test(settings.prometheusLabel))
    throw new ConfigError(
      'config-invalid',
      `prometheusLabel is ${settings.prometheusLabel}; it must be a key of labels`,
    );
  const network = settings.webhookNetworks.find(
    (each) => !/^(?:[\d.]{7,15}\/(?:[12]?\d|3[0-2])|[\da-f:]*:[\da-f:]*\/(?:\d{1,2}|1[01]\d|12[0-8]))$/i.test(each),
  );
  if (network !== undefined)
    throw new ConfigError('config-invalid', `webhookNetworks has ${network}; a network is 10.1.0.0/16 or fd00::/8`);
  if (settings.blobCdn !== undefined && !/^https?:\/\//.test(settings.blobCdn))
    throw new ConfigError('config-invalid', `blobCdn is ${settings.blobCdn}; it must be the URL of a CDN`);
  if ((settings.tlsCert === undefined) !== (settings.tlsKey === undefined))
    throw new ConfigError('config-invalid', 'tlsCert and tlsKey belong together: give both or neither');
  if (transportOf(settings) === 'plaintext-network' && settings.insecurePlaintextNetwork !== true) {
    throw new ConfigError(
      'plaintext-network',
      `on ${settings.host} without TLS, tokens and passwords could be read on the way: give --tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure-plaintext-network`,
    );
  }
  return Object.freeze(settings);
}

/** How the listeners can be reached, and by whom they can be overheard. */
export function transportOf({ host, tlsCert }: ServeSettings): 'tls' | 'loopback' | 'plaintext-network' {
  if (tlsCert !== undefined) return 'tls';
  return isLoopback(host) ? 'loopback' : 'plaintext-network';
}

/** The paths in a data folder. */
export function dataPaths(data: string) {
  return {
    database: `${data}/bellwether.sqlite`,
    repository: `${data}/repository`,
    keys: `${data}/keys`,
    operatorToken: `${data}/operator.token`,
    hookSecret: `${data}/keys/broker-hook.secret`,
    urlSecret: `${data}/keys/artefact-url.secret`,
    webhookSecret: `${data}/keys/webhook.secret`,
  } as const;
}
