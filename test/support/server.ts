import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import { type RunningServer, type ServeOptions, serve } from '@bellwether/control-plane/main';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { runVerb } from './cli-verb.js';
import { digitsFolder } from './digits.js';
import { FleetDevice } from './fleet-device.js';

/** A real control plane on ports of its own, with a development key set, in a temporary folder. */
export interface TestServer {
  readonly data: string;
  /** The key set: root.json, publisher.key, approver.key, server/. */
  readonly keys: string;
  readonly httpUrl: string;
  readonly mqttUrl: string;
  readonly operatorToken: string;
  /** A request below /api/v1 with the operator's token; with a body it is a POST. */
  api(path: string, body?: unknown): Promise<Response>;
  /** The JSON of a request that must succeed. */
  read<Reply>(path: string, body?: unknown): Promise<Reply>;
  /** A device that has enrolled, with these labels. */
  enrolled(name: string, labels?: Readonly<Record<string, string>>): Promise<FleetDevice>;
  /** Runs a verb of the command line against it: `release publish FOLDER …`. Answers what it printed. */
  cli(...verb: readonly string[]): Promise<string>;
  /** Publishes and approves a version of examples/digits. */
  publishDigits(version: string): Promise<void>;
  /** Stops it, runs `between`, and starts it again on the same data. Ports change. */
  restart(between?: () => Promise<void>): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** Starts one; `families` are those of the models that a test publishes. */
export async function startServer(
  families: readonly string[] = ['digits'],
  options: ServeOptions = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-server-'));
  const keys = join(folder, 'keys');
  const data = join(folder, 'data');
  await initDevelopmentKeys(keys, families, Date.now());
  const start = () =>
    serve({ data, keys: join(keys, 'server'), httpPort: 0, mqttPort: 0, logLevel: 'error', ...options });
  let running: RunningServer = await start();
  const operatorToken = (await readFile(running.operatorTokenFile, 'utf8')).trim();
  const api = (path: string, body?: unknown): Promise<Response> => {
    const authorization = `Bearer ${operatorToken}`;
    const url = `${running.httpUrl}/api/v1${path}`;
    if (body === undefined) return fetch(url, { headers: { authorization } });
    const headers = { authorization, 'content-type': 'application/json' };
    return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  const read = async <Reply>(path: string, body?: unknown): Promise<Reply> => {
    const response = await api(path, body);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Reply;
  };
  const cli = (...verb: readonly string[]) => runVerb(verb, { httpUrl: running.httpUrl, token: operatorToken });
  return {
    cli,
    publishDigits: async (version) => {
      const folder = fileURLToPath(new URL(version, digitsFolder));
      await cli('release', 'publish', folder, '--key', join(keys, 'publisher.key'));
      await cli('release', 'approve', `digits@${version}`, '--key', join(keys, 'approver.key'));
    },
    data,
    keys,
    operatorToken,
    api,
    read,
    get httpUrl() {
      return running.httpUrl;
    },
    get mqttUrl() {
      return running.mqttUrl;
    },
    enrolled: async (name, labels = {}) => {
      const { token } = await read<TokenReply>('/tokens', { labels });
      const device = new FleetDevice(() => running.httpUrl, name);
      await device.enrol(token);
      return device;
    },
    restart: async (between) => {
      await running.stop();
      await between?.();
      running = await start();
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
