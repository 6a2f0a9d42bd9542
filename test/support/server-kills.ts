import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceList, DeviceView, TokenReply } from '@bellwether/control-plane/http/operator-api';
import type { RolloutList, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { ServerConnection } from '@bellwether/control-plane/publisher/server-http';
import type { TrustedFilesOfAll } from '@bellwether/control-plane/publisher/trusted-repository';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import type { Order } from '@bellwether/shared/contract/order';
import { messageOf } from '@bellwether/shared/errors';
import { digitRequest } from './agent-world.js';
import { diesAt, type Moment } from './dies-at.js';
import { digitsFolder } from './digits.js';
import { FleetDevice, openOrder, subscribeAndWait, untilClosed } from './fleet-device.js';
import { type AgentProcess, FleetProcesses, servedVersion } from './fleet-process.js';
import { localRequest } from './local-http.js';
import { storedWindows } from './stored-windows.js';
import { bytesOf, windowOf } from './telemetry-messages.js';

interface ServerKill {
  readonly name: string;
  readonly at: Moment;
  /** What the server is asked for meanwhile, and again afterwards: everybody repeats what was not answered. */
  readonly does: 'enrol' | 'publish' | 'approve' | 'roll out' | 'begin a step' | 'take back' | 'send windows';
}

/** The moments at which the server is killed: each thing that one act persists, in the order of the acts. */
export const serverKills = [
  { name: 'a device is enrolled', at: { sql: 'into "devices"' }, does: 'enrol' },
  { name: 'a blob is stored', at: { file: '^[0-9a-f]{64}$' }, does: 'publish' },
  { name: 'a role is written', at: { file: '^\\d+\\.staging-digits\\.json$' }, does: 'publish' },
  { name: 'a snapshot is written', at: { file: '^\\d+\\.snapshot\\.json$' }, does: 'publish' },
  { name: 'a timestamp is written', at: { file: '^timestamp\\.json$' }, does: 'publish' },
  { name: 'an approval is written', at: { file: '^\\d+\\.production-digits\\.json$' }, does: 'approve' },
  { name: 'an approval stands', at: { file: '^timestamp\\.json$' }, does: 'approve' },
  { name: 'a decision is in the audit log', at: { sql: 'into audit_rows', nth: 2 }, does: 'roll out' },
  { name: 'a rollout is stored', at: { sql: 'into "?rollouts' }, does: 'roll out' },
  { name: 'an order is allocated and not yet sent', at: { sql: 'into orders' }, does: 'roll out' },
  {
    name: 'a step is stored as begun and nobody is ordered',
    at: { sql: 'into rollout_members', values: 'isOrdered[^,]*true' },
    does: 'begin a step',
  },
  {
    name: 'a rollout is stored as taken back and nobody is ordered',
    at: { sql: '^update rollouts', values: '"rolled-back"' },
    does: 'take back',
  },
  {
    name: 'windows are about to be committed',
    at: { sql: 'into windows', before: true, nth: 3 },
    does: 'send windows',
  },
  { name: 'windows are committed and not yet acknowledged', at: { sql: 'into windows', nth: 3 }, does: 'send windows' },
] as const satisfies readonly ServerKill[];

/** Those that stand for the others in `npm test`. */
export const sampledServerKills = serverKills.filter(({ name }) =>
  [
    'a step is stored as begun and nobody is ordered',
    'a rollout is stored as taken back and nobody is ordered',
    'windows are about to be committed',
  ].includes(name),
);

/** What a killed server left. Empty `broken`: nothing that was confirmed is gone, and what was asked for is done once. */
export interface AfterServerKill {
  readonly name: string;
  readonly broken: readonly string[];
  readonly acknowledgedLost: number;
}

/** What somebody asks of the server, again when there was no answer; and what must be so afterwards. */
interface Act {
  /** Rejects when there was no answer. */
  readonly ask: () => Promise<unknown>;
  /** What is not as it should be, once `ask` was answered. */
  readonly problems: () => Promise<readonly string[]>;
}

/**
 * A real server with a real agent that serves: killed, as kill -9 does, at the moment that a step has been persisted and before
 * anything comes of it; then it starts again on its ports, and everybody repeats what was not answered.
 */
export class ServerKills {
  readonly #fleet: FleetProcesses;
  readonly #agent: AgentProcess;
  readonly #watcher: FleetDevice;
  #patch = 0;
  #generation = 0;
  #acknowledgedLost = 0;

  private constructor(fleet: FleetProcesses, agent: AgentProcess, watcher: FleetDevice) {
    this.#watcher = watcher;
    this.#fleet = fleet;
    this.#agent = agent;
  }

  static async start(): Promise<ServerKills> {
    const fleet = await FleetProcesses.start(['digits']);
    await fleet.publish(fileURLToPath(new URL('1.0.0', digitsFolder)), 'digits@1.0.0');
    await fleet.api('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
    const agent = await fleet.startAgent('meadow', { windowSeconds: 1, startSpreadMs: 0 });
    await fleet.until('it serves', ([device]) => device !== undefined && servedVersion(device, 'digits') === '1.0.0');
    const { token } = await fleet.api<TokenReply>('/tokens', { uses: 1 });
    const watcher = new FleetDevice(() => fleet.httpUrl, 'watcher');
    await watcher.enrol(token);
    return new ServerKills(fleet, agent, watcher);
  }

  stop(): Promise<void> {
    return this.#fleet.stop();
  }

  async live({ name, at, does }: ServerKill): Promise<AfterServerKill> {
    const broken: string[] = [];
    const act = await this.#act(does);
    await this.#fleet.stopServer();
    const server = await this.#fleet.startServer(diesAt(at));
    const ended = once(server, 'exit');
    // An answer may come before the moment, and its loss before the end is known.
    await act.ask().catch(() => {});
    if (server.exitCode === null && server.signalCode === null) await soon(ended);
    if (server.signalCode !== 'SIGKILL') broken.push(`did not come to: ${name}`);
    await this.#checkServes(broken);
    await this.#fleet.stopServer();
    await this.#fleet.startServer();
    await act.ask().catch((error: unknown) => broken.push(messageOf(error)));
    broken.push(...(await act.problems()));
    await this.#verified().catch((error: unknown) => broken.push(messageOf(error)));
    await this.#checkServes(broken);
    return { name, broken, acknowledgedLost: this.#acknowledgedLost };
  }

  #act(does: ServerKill['does']): Promise<Act> {
    switch (does) {
      case 'enrol':
        return this.#enrolment();
      case 'publish':
        return this.#publication();
      case 'approve':
        return this.#approval();
      case 'roll out':
        return this.#rollout();
      case 'begin a step':
        return this.#step();
      case 'take back':
        return this.#takingBack();
      case 'send windows':
        return this.#telemetry();
    }
  }

  async #enrolment(): Promise<Act> {
    const { token } = await this.#fleet.api<TokenReply>('/tokens', { uses: 1 });
    const device = new FleetDevice(() => this.#fleet.httpUrl, `sheep-${++this.#patch}`);
    return {
      ask: () => device.enrol(token),
      problems: async () => {
        const { devices } = await this.#devices();
        const count = devices.filter(({ id }) => id === device.id).length;
        return count === 1 ? [] : [`the device is there ${count} times`];
      },
    };
  }

  async #publication(): Promise<Act> {
    const version = `1.0.${++this.#patch}`;
    const folder = join(this.#fleet.folder, 'releases', version);
    await copyExample(folder, version);
    const key = ['--key', join(this.#fleet.keys, 'publisher.key')];
    return {
      ask: () => this.#fleet.cli('release', 'publish', folder, ...key),
      problems: () => this.#listed('staging', version),
    };
  }

  async #approval(): Promise<Act> {
    const publication = await this.#publication();
    await publication.ask();
    const version = `1.0.${this.#patch}`;
    const key = ['--key', join(this.#fleet.keys, 'approver.key')];
    return {
      ask: () => this.#fleet.cli('release', 'approve', `digits@${version}`, ...key),
      problems: () => this.#listed('production', version),
    };
  }

  async #rollout(): Promise<Act> {
    const approval = await this.#approval();
    await approval.ask();
    const version = `1.0.${this.#patch}`;
    return {
      ask: () => this.#fleet.api('/rollouts', { release: `digits@${version}`, to: { all: true } }),
      problems: () => this.#ordered(version),
    };
  }

  /** A rollout in steps: its first is begun as it is created. */
  async #step(): Promise<Act> {
    const approval = await this.#approval();
    await approval.ask();
    const release = `digits@1.0.${this.#patch}`;
    const id = async (): Promise<string | undefined> => {
      const { rollouts } = await this.#fleet.api<RolloutList>('/rollouts');
      return rollouts.find((rollout) => rollout.release === release)?.id;
    };
    return {
      // Whoever had no answer looks first.
      ask: async () => {
        if ((await id()) !== undefined) return;
        // Nobody who is not there is ordered.
        const isThere = ({ id: device, presence }: DeviceView): boolean =>
          device.startsWith('meadow-') && presence === 'online';
        await this.#fleet.until('the agent is back', (devices) => devices.some(isThere));
        await this.#fleet.api('/rollouts', { release, to: { all: true }, policy: twoSteps });
      },
      problems: async () => {
        const rollout = (await id()) ?? '';
        const hasCanary = ({ report }: DeviceView) =>
          report?.models.some(({ canary }) => canary?.rollout === rollout && canary.state === 'ready') === true;
        const agent = (devices: readonly DeviceView[]) => devices.some(hasCanary);
        const problem = await this.#fleet.until('its canary is up', agent).then(() => [], saidBy);
        await this.#fleet.api(`/rollouts/${rollout}/rollback`, {});
        return problem;
      },
    };
  }

  /** The release before serves again, whatever the server was doing when it died. */
  async #takingBack(): Promise<Act> {
    const before = await this.#orderedVersion();
    const rollout = await this.#rollout();
    const { id } = (await rollout.ask()) as RolloutView;
    const isBack = async (): Promise<boolean> =>
      (await this.#fleet.api<RolloutView>(`/rollouts/${id}`)).phase === 'rolled-back';
    return {
      ask: async () => (await isBack()) || this.#fleet.api(`/rollouts/${id}/rollback`, {}),
      problems: () => this.#ordered(before),
    };
  }

  async #telemetry(): Promise<Act> {
    const { token } = await this.#fleet.api<TokenReply>('/tokens', { uses: 1 });
    const device = new FleetDevice(() => this.#fleet.httpUrl, `sheep-${++this.#patch}`);
    await device.enrol(token);
    const acknowledged = new Set<number>();
    return {
      ask: async () => {
        const client = await device.connect();
        const closed = untilClosed(client).then(() => {
          throw new Error('the connection is gone');
        });
        const send = async (): Promise<void> => {
          for (let sequence = 0; sequence < 20; sequence++) {
            const window = windowOf({ sequence, device: device.id });
            await client.publishAsync(device.topic('window'), bytesOf(window), { qos: 1 });
            acknowledged.add(sequence);
          }
        };
        await Promise.race([send(), closed]).finally(() => client.end(true));
      },
      problems: async () => {
        const stored = storedWindows(this.#fleet.data).filter((window) => window.device === device.id);
        const sequences = new Set(stored.map(({ sequence }) => sequence));
        this.#acknowledgedLost += [...acknowledged].filter((sequence) => !sequences.has(sequence)).length;
        return stored.length === sequences.size ? [] : ['a window is stored twice'];
      },
    };
  }

  async #listed(stage: 'staging' | 'production', version: string): Promise<readonly string[]> {
    const { roles } = await this.#verified();
    const paths = Object.keys(roles.get(`${stage}-digits`)?.file.signed.targets ?? {});
    return paths.includes(`${stage}/digits/${version}/manifest.json`) ? [] : [`${version} is not in ${stage}`];
  }

  /** The repository as a device verifies it that has seen every state before. */
  async #verified(): Promise<TrustedFilesOfAll> {
    const repository = openTrustedRepository({
      serverUrl: this.#fleet.httpUrl,
      root: await readFile(join(this.#fleet.keys, 'root.json')),
      trustedFile: join(this.#fleet.folder, 'watcher.trusted.json'),
    });
    return repository.all(new ServerConnection(this.#fleet.httpUrl, this.#fleet.token));
  }

  /** The order that waits for a device on the broker. The agent comes back in its own time: its back-off has grown. */
  async #ordered(version: string): Promise<readonly string[]> {
    const order = await this.#watchedOrder();
    const before = this.#generation;
    this.#generation = order.generation;
    const named = order.models['digits']?.stable.version;
    return [
      ...(named === version ? [] : [`${named} is ordered`]),
      ...(order.generation > before ? [] : [`generation ${before} was seen, ${order.generation} stands`]),
    ];
  }

  async #orderedVersion(): Promise<string> {
    return (await this.#watchedOrder()).models['digits']?.stable.version ?? '';
  }

  async #watchedOrder(): Promise<Order> {
    const client = await this.#watcher.connect();
    const envelope = await subscribeAndWait(client, this.#watcher.topic('order'));
    await client.endAsync(true);
    return (await openOrder(this.#fleet.keys, envelope)).order;
  }

  async #checkServes(broken: string[]): Promise<void> {
    const { socketPath } = this.#agent;
    const call = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(digitRequest(1)),
    };
    const { status } = await localRequest({ socketPath }, '/v2/models/digits/infer', call);
    if (status !== 200) broken.push(`the agent answers ${status}`);
  }

  #devices(): Promise<DeviceList> {
    return this.#fleet.api<DeviceList>('/devices');
  }
}

/** Half of the calls of every device, and then all of them. */
const twoSteps: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 100 }, mode: 'split', share: 50 },
    { cohort: { percent: 100 }, mode: 'full', share: 100 },
  ],
};

function saidBy(error: unknown): readonly string[] {
  return [messageOf(error)];
}

async function copyExample(folder: string, version: string): Promise<void> {
  await cp(fileURLToPath(new URL('1.0.0', digitsFolder)), folder, { recursive: true });
  const source = join(folder, 'release.yaml');
  await writeFile(source, (await readFile(source, 'utf8')).replaceAll('1.0.0', version));
}

/** What an answer was given for is persisted by then, or a moment later. */
function soon(ended: Promise<unknown>): Promise<unknown> {
  const limit = new Promise((resolve) => {
    setTimeout(resolve, 20_000).unref();
  });
  return Promise.race([ended, limit]);
}
