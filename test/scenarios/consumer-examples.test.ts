import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import { compacted } from '@bellwether/shared/contract/compact';
import { encodeWindow } from '@bellwether/shared/contract/window-encoding';
import { quantile } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { hasDebianPackages } from '../support/debian-packages.js';
import { startServer, type TestServer } from '../support/server.js';
import { armOf, windowOf } from '../support/telemetry-messages.js';

const examples = new URL('../../../examples/consumers/', import.meta.url);
const file = (name: string): string => fileURLToPath(new URL(name, examples));
/** Of the system: the packages of Debian are its own. */
const python = '/usr/bin/python3';

/** Answers the quantiles 0, 0.5, 0.9 and 1 of the histograms that it is given. */
const readInNode = `import { json } from 'node:stream/consumers';
import { quantile } from './histogram.mjs';
const wires = await json(process.stdin);
console.log(JSON.stringify(wires.flatMap((wire) => [0, 0.5, 0.9, 1].map((q) => quantile(wire, q)))));`;
const readInPython = `import json, sys
from histogram import quantile
print(json.dumps([quantile(wire, q) for wire in json.load(sys.stdin) for q in (0, 0.5, 0.9, 1)]))`;

let server: TestServer;
let consumer: ChildProcess | undefined;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => {
  consumer?.kill('SIGKILL');
});
afterAll(() => server.stop());

/** As many calls as its sequence says, so that what is printed tells which one it is. */
const windowBytes = (device: string, sequence: number): Buffer =>
  Buffer.from(encodeWindow(windowOf({ device, sequence, arms: [armOf([1024], { requests: sequence })] })));

interface Example {
  readonly name: string;
  readonly packages: readonly string[];
  readonly command: readonly [program: string, ...args: string[]];
  /** The broker's address is one word, or two. */
  readonly takesUrl: boolean;
}

/** Starts an example with an account and sends windows until it tells of one: nothing else says that it listens. */
async function listening({ name, packages, command, takesUrl }: Example) {
  if (!hasDebianPackages(packages)) return undefined;
  const called = name.replace('.', '-');
  const grant = { kinds: ['window'], labels: {} };
  const { userName, password } = await server.read<ConsumerReply>('/consumers', { name: called, grant });
  const device = await server.enrolled(called);
  const sender = await device.connect();
  const { hostname, port } = new URL(server.mqttUrl);
  const [program, ...args] = [...command, ...(takesUrl ? [server.mqttUrl] : [hostname, port]), userName, password];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  consumer = child;
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${name} has ended`);
    return line.value;
  };
  const send = (body: Uint8Array) => sender.publishAsync(device.topic('window'), Buffer.from(body), { qos: 1 });
  const heard = { is: false };
  const first = nextLine().finally(() => {
    heard.is = true;
  });
  for (let sequence = 0; !heard.is; sequence++) await send(windowBytes(device.id, sequence));
  return { device: device.id, first: await first, nextLine, send, end: () => sender.end(true) };
}

describe('the example consumers', () => {
  it('print windows from a line of shell', async () => {
    const packages = ['mosquitto-clients'];
    const heard = await listening({ name: 'watch.sh', packages, command: [file('watch.sh')], takesUrl: false });
    if (heard === undefined) return;
    heard.end();
    const [topic, ...body] = heard.first.split(' ');
    expect(topic).toMatch(new RegExp(`^bw/v1/s[0-9]{2}/${heard.device}/window$`));
    expect(JSON.parse(body.join(' '))).toMatchObject({ device: heard.device });
  });

  it.each<Example>([
    { name: 'latency.mjs', packages: [], command: [process.execPath, file('latency.mjs')], takesUrl: true },
    {
      name: 'latency.py',
      packages: ['python3-paho-mqtt'],
      command: [python, '-B', file('latency.py')],
      takesUrl: false,
    },
  ])('tell of each window once, deflated or not: $name', async (example) => {
    const heard = await listening(example);
    if (heard === undefined) return;
    const twice = windowBytes(heard.device, 1_000_000);
    const raw = deflateRawSync(windowBytes(heard.device, 1_000_001));
    const compact = compacted(windowBytes(heard.device, 1_000_002).toString());
    for (const body of [twice, twice, raw, compact]) await heard.send(body);
    const told: string[] = [];
    do told.push(await heard.nextLine());
    while (told.at(-1)?.includes('1000002 calls') !== true);
    heard.end();
    const line = (calls: number) => `${heard.device} digits@1.0.0 stable ${calls} calls, p99 1013 us`;
    expect(told.slice(-3)).toEqual([line(1_000_000), line(1_000_001), line(1_000_002)]);
    expect(new Set(told).size).toBe(told.length);
  });

  it.each([
    ['histogram.mjs', [process.execPath, '--input-type=module', '--eval'], readInNode],
    ['histogram.py', [python, '-B', '-c'], readInPython],
  ] as const)('read histograms as the server does: %s', (_name, [program, ...options], script) => {
    const text = readFileSync(new URL('../../vectors/histogram.json', import.meta.url), 'utf8');
    const wires = (JSON.parse(text) as { encodings: { dense: string }[] }).encodings.map(({ dense }) => dense);
    const input = JSON.stringify(wires);
    const told = spawnSync(program, [...options, script], { input, cwd: fileURLToPath(examples), encoding: 'utf8' });
    const expected = wires.flatMap((wire) => [0, 0.5, 0.9, 1].map((q) => quantile(decodeHistogram(wire), q) ?? null));
    expect([told.stderr, JSON.parse(told.stdout)]).toEqual([
      '',
      expected.map((each) => (each === null ? null : Math.round(each))),
    ]);
  });
});
