import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DestinationStream, pino } from 'pino';
import { systemClock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import { defaultRules } from './alerts/alert-rule.js';
import { readAlertRules } from './alerts/alert-rules-disk.js';
import { openCatalog } from './catalog/catalog-disk.js';
import { dataPaths, type GivenSettings, type ServeSettings, serveSettings } from './config.js';
import { buildControlPlane, type ControlPlane } from './control-plane.js';
import { dataError } from './database/data-error.js';
import { makeFolder, operatorToken, ownKey, renewOperatorToken, sharedSecret } from './database/data-folder-disk.js';
import { lockDataFolder } from './database/data-lock-sqlite.js';
import { openDatabase } from './database/database-sqlite.js';
import { TlsFiles } from './http/tls-files-disk.js';
import { stopAll } from './lifecycle.js';
import { OperatorStoreSql } from './operators/operator-store-sql.js';
import { ownVersion } from './own-version-disk.js';

/** What `bellwether serve` passes on. */
export interface ServeOptions extends GivenSettings {
  /** Makes a new first admin's token in operator.token: for whoever lost every way in. */
  readonly newOperatorToken?: boolean | undefined;
  /** The `server` folder of `bellwether keys init`: read on the first start. */
  readonly keys?: string | undefined;
  readonly logLevel?: LogLevel | undefined;
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A server at work. */
export interface RunningServer {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** Where the operator's token lies. */
  readonly operatorTokenFile: string;
  /** True when its keys are a development set. */
  readonly development: boolean;
  /** Resolves when SIGINT, SIGTERM or `stop` has ended it. */
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
}

/** What has to be closed, in reverse. */
type Closing = (() => void | Promise<void>)[];

/**
 * Starts the server on its data folder; SIGINT and SIGTERM stop it. Throws ConfigError, DataError (`data-locked`,
 * `data-read-only`, `data-full` …), CatalogError or ListenError (`port-occupied` …); nothing is left running then.
 */
export async function serve({ keys, logLevel, newOperatorToken, ...given }: ServeOptions = {}): Promise<RunningServer> {
  const told = serveSettings(given);
  const settings = { ...told, data: resolve(told.data) };
  const log: Log = pino({ level: logLevel ?? 'info', base: null }, await logStream());
  const closing: Closing = [];
  try {
    const { controlPlane, development } = await open(settings, { keys, newOperatorToken }, { log, closing });
    closing.push(() => controlPlane.stop());
    await controlPlane.start();
    const { httpUrl, mqttUrl } = controlPlane;
    log.info({ httpUrl, mqttUrl, data: settings.data, development }, 'The control plane is up');
    const operatorTokenFile = dataPaths(settings.data).operatorToken;
    return { httpUrl, mqttUrl, operatorTokenFile, development, ...stoppedBySignals(closing, log) };
  } catch (cause) {
    await stopAll(closing.splice(0));
    throw dataError(settings.data, cause);
  }
}

/** Opens the data folder in the order of what depends on what; the lock comes first, so that two servers cannot both make keys. */
async function open(
  settings: ServeSettings,
  { keys: importFrom, newOperatorToken = false }: Pick<ServeOptions, 'keys' | 'newOperatorToken'>,
  { log, closing }: { readonly log: Log; readonly closing: Closing },
): Promise<{ readonly controlPlane: ControlPlane; readonly development: boolean }> {
  const { tlsCert, tlsKey, alertRules } = settings;
  const rules = alertRules === undefined ? defaultRules : await readAlertRules(alertRules);
  const tls =
    tlsCert === undefined || tlsKey === undefined ? undefined : await TlsFiles.open({ cert: tlsCert, key: tlsKey });
  if (tls !== undefined) closing.push(reloadedBySignal(tls, log));
  const paths = dataPaths(settings.data);
  await makeFolder(settings.data);
  closing.push(lockDataFolder(settings.data));
  await makeFolder(paths.keys);
  const database = await openDatabase(paths.database);
  closing.push(() => database.close());
  const isFirstStart = new OperatorStoreSql(database.sqlite).operators().length === 0;
  const catalog = await openCatalog({
    folder: paths.repository,
    keysFolder: paths.keys,
    ...(importFrom === undefined ? {} : { importFrom }),
    clock: systemClock,
    log: log.child({ room: 'catalog' }),
  });
  closing.push(() => catalog.close());
  const controlPlane = buildControlPlane({
    settings,
    version: await ownVersion(),
    clock: systemClock,
    log,
    database,
    catalog,
    keys: {
      online: catalog.keyRing,
      issuer: await ownKey(paths.keys, 'issuer'),
      audit: await ownKey(paths.keys, 'audit'),
    },
    firstToken: newOperatorToken
      ? await renewOperatorToken(paths.operatorToken)
      : await operatorToken(paths.operatorToken, isFirstStart),
    renewsFirstToken: newOperatorToken,
    urlSecret: await sharedSecret(paths.urlSecret),
    hookSecret: await sharedSecret(paths.hookSecret),
    webhookSecret: await sharedSecret(paths.webhookSecret),
    tls,
    alertRules: rules,
    consoleFolder: fileURLToPath(new URL('./console/', import.meta.url)),
  });
  return { controlPlane, development: catalog.development };
}

/** SIGHUP: a new certificate counts from now on. Returns what ends it. */
function reloadedBySignal(tls: TlsFiles, log: Log): () => void {
  const onSignal = (): void => {
    tls.reload().then(
      () => log.info({}, 'The certificate was read again'),
      (cause: unknown) => log.error({ err: cause }, 'The new certificate cannot be used; the old one stays'),
    );
  };
  process.on('SIGHUP', onSignal);
  return () => void process.off('SIGHUP', onSignal);
}

function stoppedBySignals(closing: Closing, log: Log): Pick<RunningServer, 'stop' | 'stopped'> {
  let stopping: Promise<void> | undefined;
  let ended = (): void => {};
  const stopped = new Promise<void>((resolveStopped) => {
    ended = resolveStopped;
  });
  const stop = (): Promise<void> => {
    stopping ??= stopAll(closing.splice(0)).finally(() => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      ended();
    });
    return stopping;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'The control plane is stopping');
    stop().catch((cause: unknown) => log.error({ err: cause }, 'The control plane did not stop cleanly'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { stop, stopped };
}

/** Where log lines go: stderr, as JSON for machines, readable on a terminal. */
async function logStream(): Promise<DestinationStream> {
  if (!process.stderr.isTTY) return pino.destination({ fd: 2, sync: true });
  // Only who looks at a terminal waits until it is loaded.
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' });
}
