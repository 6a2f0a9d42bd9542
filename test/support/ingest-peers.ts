import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BareBroker } from './bare-aedes.js';
import { BenchProcess } from './bench-process.js';
import { freePort } from './free-port.js';
import type { LoadLogin, LoadOrder, LoadResult, LoadSetup } from './window-load.js';

/** The windows of one measurement. */
export interface IngestLoad {
  readonly logins: readonly LoadLogin[];
  readonly windows: number;
}

const inFlight = 100;
const topic = 'bw/v1/+/+/window';

/** A process that publishes; it has connected when this resolves. */
export function startLoad(port: number, logins: readonly LoadLogin[]): Promise<BenchProcess<unknown>> {
  const setup: LoadSetup = { port, logins, inFlight };
  return BenchProcess.start('./window-load.js', setup);
}

/** Windows a second through a broker that asks for no login, until the last one is acknowledged. */
async function rateOf(port: number, { logins, windows }: IngestLoad): Promise<number> {
  const load = await startLoad(
    port,
    logins.map(({ device }) => ({ device })),
  );
  try {
    const { seconds, acknowledged } = await load.ask<LoadResult>({ from: 0, windows } satisfies LoadOrder);
    return acknowledged.reduce((a, b) => a + b, 0) / seconds;
  } finally {
    await load.stop();
  }
}

/** The same messages through bare aedes to one subscriber in its process, which counts. */
export async function bareAedesRate(load: IngestLoad): Promise<number> {
  const broker = await BenchProcess.start<BareBroker>('./bare-aedes.js', {});
  try {
    const rate = await rateOf(broker.hello.port, load);
    const { received } = await broker.ask<{ readonly received: number }>({});
    if (received !== load.logins.length * load.windows) throw new Error(`bare aedes delivered ${received}`);
    return rate;
  } finally {
    await broker.stop();
  }
}

export function hasMosquitto(): boolean {
  return ['mosquitto', 'mosquitto_sub'].every((name) => spawnSync('which', [name]).status === 0);
}

/** Through mosquitto to mosquitto_sub, which prints lines to one that counts them, or to one that inserts them; until the last line is there. */
export async function mosquittoRate(load: IngestLoad, then: 'counts' | 'inserts'): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-mosquitto-'));
  const port = await freePort();
  const total = load.logins.length * load.windows;
  const children: ChildProcess[] = [];
  try {
    const limits = 'max_queued_messages 0\nmax_inflight_messages 1000\nlog_dest stderr\nlog_type subscribe\n';
    await writeFile(join(folder, 'conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n${limits}`);
    const broker = spawn('mosquitto', ['-c', join(folder, 'conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(broker);
    const granted = once(broker.stderr, 'data');
    const subscriber = await connected(['-p', String(port), '-t', topic, '-q', '1', '-C', String(total), '-F', '%p']);
    children.push(subscriber);
    await granted;
    const end = then === 'counts' ? counted(subscriber, total) : inserted(subscriber, folder, total, children);
    const startedMs = performance.now();
    await rateOf(port, load);
    await end;
    return total / ((performance.now() - startedMs) / 1000);
  } finally {
    for (const child of children) child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** mosquitto_sub, once the broker listens: until then it ends at once. */
async function connected(options: readonly string[]): Promise<ChildProcess> {
  for (let tries = 0; tries < 30; tries++) {
    const child = spawn('mosquitto_sub', options, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'exit').then(() => true);
    const isGone = await Promise.race([
      ended,
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300)),
    ]);
    if (!isGone) return child;
  }
  throw new Error('mosquitto does not listen: mosquitto_sub ended thirty times');
}

async function counted(subscriber: ChildProcess, total: number): Promise<void> {
  let lines = 0;
  subscriber.stdout?.on('data', (text: Buffer) => {
    for (const byte of text) if (byte === 10) lines++;
  });
  await once(subscriber, 'exit');
  if (lines < total) throw new Error(`mosquitto_sub printed ${lines} lines of ${total}`);
}

async function inserted(
  subscriber: ChildProcess,
  folder: string,
  total: number,
  children: ChildProcess[],
): Promise<void> {
  const script = fileURLToPath(new URL('./inserting-lines.js', import.meta.url));
  const child = spawn(process.execPath, [script, folder, String(total)], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  if (subscriber.stdout !== null && child.stdin !== null) subscriber.stdout.pipe(child.stdin);
  await once(child.stdout, 'data');
}
