import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentStatus } from '@bellwether/agent/status';
import type { AgentProcess } from './agent-process.js';
import { AgentWorld, digitRequest } from './agent-world.js';
import type { Moment } from './dies-at.js';
import { digitsFolder } from './digits.js';
import { childrenOf } from './process-children.js';
import { storedWindows } from './stored-windows.js';

const settings = {
  windowSeconds: 1,
  probation: { minutes: 0, calls: 10, maxHours: 1 },
  // What has waited goes up at once: the test waits for it.
  outbox: { backfillPerSecond: 1000, backfillSpreadSeconds: 0 },
};

/** The moments of a device's life at which its agent is killed, in this order. All but the first four can be left out. */
export const agentKills = [
  { name: 'key', at: { file: '^device\\.key$' } },
  { name: 'enrolment', at: { file: '^enrolment\\.json$' } },
  { name: 'first install fetching', at: phase('1.0.0', 'fetching'), does: 'order 1.0.0' },
  { name: 'first install serving', at: phase('1.0.0', 'serving') },
  { name: 'settled', at: phase('1.0.0', 'settled'), does: 'calls' },
  { name: 'receipt', at: { file: '^receipts\\.json$' } },
  { name: 'order accepted', at: { file: '^trust\\.json$', holds: { generation: 2 } }, does: 'order 1.1.0' },
  { name: 'fetching', at: phase('1.1.1', 'fetching'), does: 'order 1.1.1' },
  { name: 'verifying', at: phase('1.1.2', 'verifying'), does: 'order 1.1.2' },
  { name: 'probing', at: phase('1.1.3', 'probing'), does: 'order 1.1.3' },
  { name: 'standby', at: phase('1.1.4', 'standby'), does: 'order 1.1.4' },
  { name: 'serving', at: phase('1.1.5', 'serving'), does: 'order 1.1.5' },
  { name: 'probation passed', at: phase('1.1.5', 'settled'), does: 'calls' },
  { name: 'refused', at: phase('1.2.0', 'refused'), does: 'order 1.2.0' },
  { name: 'reverted', at: phase('1.3.0', 'reverted'), does: 'order 1.3.0, its runner dies' },
] as const satisfies readonly AgentKill[];

/** Those that stand for the others in `npm test`. */
export const sampledAgentKills = agentKills.filter(({ name }) =>
  ['first install fetching', 'settled', 'standby', 'reverted'].includes(name),
);

interface AgentKill {
  readonly name: string;
  readonly at: Moment;
  /** What happens meanwhile: requests of an application, or an order for a release. */
  readonly does?: 'calls' | `order ${string}`;
}

function phase(version: string, name: string): Moment {
  return { file: '^installs\\.json$', holds: { version, phase: name } };
}

/** What a killed agent left. Empty `broken`: nothing that was promised is gone. */
export interface AfterKill {
  readonly name: string;
  readonly broken: readonly string[];
}

/**
 * A real agent beside a real server: killed, as kill -9 does, at the moment that a phase has been persisted and before it is
 * acted on; then it starts without its server, and must serve what is verified.
 */
export class AgentKills {
  readonly world: AgentWorld;
  /** The highest generation, and the newest release, that the device has let anybody see. */
  #generation = 0;
  #mustServe = false;
  readonly #published = new Set<string>();

  private constructor(world: AgentWorld) {
    this.world = world;
  }

  static async start(): Promise<AgentKills> {
    return new AgentKills(await AgentWorld.start());
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  /** Lives on until the moment, and looks at what is left. */
  async live({ name, at, does }: AgentKill): Promise<AfterKill> {
    const broken: string[] = [];
    const agent = await this.world.startMortalAgent(at, settings);
    await this.#happen(does);
    const end = await Promise.race([agent.ended, timeLimit()]);
    if (end?.signal !== 'SIGKILL') broken.push(`did not come to ${name}`);
    agent.kill('SIGKILL');
    await agent.ended;
    await this.#check(broken);
    return { name, broken };
  }

  /** At the end: every window of every run that the device believes delivered is stored, once. */
  async windowsLost(): Promise<number> {
    const agent = await this.world.startAgent(settings);
    await agent.untilStatus((status) => status.connected && servesSomething(status));
    for (let index = 0; index < 10; index++) await agent.infer('digits', digitRequest(index));
    await agent.untilStatus(({ outbox }) => outbox.waiting === 0);
    await agent.stop();
    const windows = storedWindows(this.world.server.data);
    const highest = new Map<string, number>();
    for (const { runId, sequence } of windows) highest.set(runId, Math.max(highest.get(runId) ?? 0, sequence));
    // A run's windows are numbered from 0 on; one that is not there was acknowledged, or its loss would be counted.
    return [...highest.values()].reduce((sum, last) => sum + last + 1, 0) - windows.length;
  }

  async #happen(does: AgentKill['does']): Promise<void> {
    const { agent } = this.world;
    const [, version, more] = /^order ([0-9.]+)(.*)$/.exec(does ?? '') ?? [];
    if (version !== undefined) {
      await this.#publish(version);
      await this.world.rollOut(`digits@${version}`);
    }
    if (does === 'calls') await untilGone(agent, () => agent.infer('digits', digitRequest(0)));
    if (more !== undefined && more !== '') await untilGone(agent, () => killRunner(agent));
  }

  /** 1.0.0 is the example; the others are its successor under new numbers, of which 1.2.0 does not give its golden answers. */
  async #publish(version: string): Promise<void> {
    if (this.#published.has(version)) return;
    this.#published.add(version);
    if (version === '1.0.0') return this.world.publish('digits@1.0.0');
    const folder = join(this.world.folder, 'releases');
    await copyRelease(folder, version);
    const golden = join(folder, version, 'golden.json');
    if (version === '1.2.0') await writeFile(golden, moved(await readFile(golden, 'utf8')));
    await this.world.publish(`digits@${version}`, folder);
  }

  async #check(broken: string[]): Promise<void> {
    const agent = await this.world.startAgentAlone().catch((error: unknown) => String(error));
    if (typeof agent === 'string') {
      broken.push(agent);
      return;
    }
    try {
      const status = await agent.status();
      const generation = status.observed?.generation ?? 0;
      if (generation < this.#generation) broken.push(`generation ${this.#generation} was seen, ${generation} is left`);
      this.#generation = generation;
      const knows = status.models.length > 0 && (await settledOnce(this.world.agent.folder));
      this.#mustServe ||= knows;
      if (this.#mustServe) await this.#checkServes(broken);
    } finally {
      // Not by a kill: three while it probes, and the release is refused for it.
      await agent.stop();
    }
  }

  async #checkServes(broken: string[]): Promise<void> {
    const { agent } = this.world;
    const status = await Promise.race([agent.untilStatus(servesSomething), timeLimit()]);
    const reply = status === undefined ? undefined : await agent.infer('digits', digitRequest(1));
    const release = (reply?.json()['parameters'] as Readonly<Record<string, unknown>> | undefined)?.['release'];
    if (reply?.status !== 200) broken.push(`no verified release serves: ${reply?.status ?? 'nothing loaded'}`);
    else if (release === 'digits@1.2.0') broken.push('a refused release serves');
  }
}

function servesSomething({ models }: AgentStatus): boolean {
  return models.some(({ serving }) => serving !== null);
}

/** Whether a release has ever served here: the ledger says so. */
async function settledOnce(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'state', 'installs.json'), 'utf8').catch(() => '{}');
  return /"servedOrdinal":\s*[1-9]/.test(text);
}

/** Does it again and again until the agent is gone, which comes of it. */
async function untilGone(agent: AgentProcess, does: () => Promise<unknown>): Promise<void> {
  const isOver = Promise.race([agent.ended, timeLimit()]).then(() => true);
  for (;;) {
    // Before it listens, and when it dies, it does not answer.
    await does().catch(() => {});
    const pause = new Promise<false>((resolve) => {
      setTimeout(() => resolve(false), 20);
    });
    if (await Promise.race([isOver, pause])) return;
  }
}

/** Ends what serves 1.3.0, if it does. */
async function killRunner(agent: AgentProcess): Promise<void> {
  const { models } = await agent.status();
  if (models[0]?.serving?.version !== '1.3.0') return;
  for (const pid of childrenOf(agent.pid)) process.kill(pid, 'SIGKILL');
}

async function copyRelease(folder: string, version: string): Promise<void> {
  const target = join(folder, version);
  await cp(fileURLToPath(new URL('1.1.0', digitsFolder)), target, { recursive: true });
  const source = join(target, 'release.yaml');
  await writeFile(source, (await readFile(source, 'utf8')).replaceAll('1.1.0', version));
}

/** Golden vectors whose outputs belong to others: the first two change places. */
function moved(golden: string): string {
  const { vectors } = JSON.parse(golden) as { readonly vectors: { outputs: unknown }[] };
  const [first, second] = vectors;
  if (first === undefined || second === undefined) throw new TypeError('two golden vectors are needed');
  [first.outputs, second.outputs] = [second.outputs, first.outputs];
  return JSON.stringify({ vectors });
}

/** Not a pace: what has not happened by then never will. */
function timeLimit(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), 25_000).unref();
  });
}
