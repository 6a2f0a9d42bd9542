import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { openDeviceTrust, type TrustGuards } from '@bellwether/agent/trust/device-trust-disk';
import { updateInThread } from '@bellwether/agent/trust/repository-tuf-thread';
import { updateMetadata } from '@bellwether/agent/trust/repository-tuf-workflow';
import { trustRules } from '@bellwether/agent/trust/trust-rules';
import { openKeyFile } from '@bellwether/control-plane/publisher/key-file-disk';
import type { Signer } from '@bellwether/control-plane/publisher/list-release';
import { publishRelease } from '@bellwether/control-plane/publisher/publish';
import { ServerConnection } from '@bellwether/control-plane/publisher/server-http';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { listInBulk } from '../support/bulk-repository.js';
import { FleetProcesses, quickPassphrase } from '../support/fleet-process.js';
import { longestGapMs } from '../support/longest-gap.js';
import { type SampleRelease, sampleRelease } from '../support/sample-release.js';
import { deviceNamed, modelsOf, signedOrder } from '../support/signed-order.js';
import { type Bench, type BenchOptions, type BenchResult, type Comparison, median, type Report } from './bench.js';

const manifests = 1000;
const sizes = [10, 100, 200];
/** Models of the device, each of a family of its own. */
const followed = 4;
const barMs = 20;
const never = new AbortController().signal;

/** What one refresh took of a device: bytes of bodies that came, wall time, the longest gap of its main thread. */
interface Cost {
  readonly bytes: number;
  readonly ms: number;
  readonly gapMs: number;
}

const kinds = ['first', 'unchanged', 'changed'] as const;
type Costs = Readonly<Record<(typeof kinds)[number], readonly Cost[]>>;

/** One size of fleet: both guards' costs, and what a publication took. */
interface Found {
  readonly families: number;
  readonly ours: Costs;
  readonly inMainThread: Costs;
  readonly publishMs: readonly number[];
  /** The longest gap of this thread while it waits as long and does nothing: what the machine's other work costs. */
  readonly idleGapsMs: readonly number[];
}

const inWorker: TrustGuards = { rules: trustRules, update: updateInThread };
const inMainThread: TrustGuards = {
  rules: trustRules,
  update: async (request, fetchFile) => updateMetadata(request, fetchFile),
};

/** Families as a repository, a device that follows some of them, and a publisher, all with the product's own code. */
class Scale {
  readonly #fleet: FleetProcesses;
  readonly #families: readonly string[];
  readonly #device = deviceNamed('meadow');
  #published = 0;

  private constructor(fleet: FleetProcesses, families: readonly string[]) {
    this.#fleet = fleet;
    this.#families = families;
  }

  static async start(count: number): Promise<Scale> {
    const families = Array.from({ length: count }, (_, i) => `family${i}`);
    const fleet = await FleetProcesses.startQuickProduction(families, (keys) =>
      listInBulk(keys, families, { count: manifests, passphrase: quickPassphrase }),
    );
    return new Scale(fleet, families);
  }

  stop(): Promise<void> {
    return this.#fleet.stop();
  }

  /** The costs of a new device: its first refresh, one that finds nothing new, and one after a publication in its family. */
  async deviceCosts(guards: TrustGuards, publishMs: number[]): Promise<Record<(typeof kinds)[number], Cost>> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-scale-'));
    try {
      const trust = await openDeviceTrust(
        {
          folder: join(folder, 'trust'),
          baseUrl: this.#fleet.httpUrl,
          stage: 'production',
          allowDevelopment: false,
          root: { file: join(this.#fleet.keys, 'root.json') },
          device: this.#device,
          clock: systemClock,
          log: silentLog,
        },
        guards,
      );
      const first = await costOf(async () => this.#begin(trust));
      const unchanged = await costOf(async () => trust.refresh(never));
      publishMs.push(await this.#publish());
      const changed = await costOf(async () => trust.refresh(never));
      return { first, unchanged, changed };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** As an agent that starts for the first time: keys, its first order, then the roles that this names. */
  async #begin(trust: DeviceTrust): Promise<void> {
    await trust.refresh(never);
    const { public: publicKey, seed } = await readKeyFile(join(this.#fleet.keys, 'server', 'director.key'));
    const models = modelsOf(...this.#families.slice(0, followed).map((family) => sampleRelease(family, '1.0.0')));
    const order = signedOrder({ publicKey, seed }, { device: this.#device, models });
    const outcome = await trust.offerOrder(order, never);
    if (outcome.kind !== 'accepted') throw new Error(`the order was not accepted: ${JSON.stringify(outcome)}`);
    await trust.refresh(never);
    trust.find(this.#families[0] ?? '', '1.0.0');
  }

  /** A publisher lists one release more in the first family; milliseconds of all of it but opening his key. */
  async #publish(): Promise<number> {
    this.#published++;
    const signer = await this.#signer();
    const release = preparedRelease(sampleRelease(this.#families[0] ?? '', `9.${this.#published}.0`));
    const startedMs = performance.now();
    await publishRelease(release, signer, () => {});
    return performance.now() - startedMs;
  }

  async #signer(): Promise<Signer> {
    const { keys, httpUrl, token, folder } = this.#fleet;
    return {
      key: await openKeyFile(join(keys, 'publisher-1.key'), async () => quickPassphrase),
      repository: openTrustedRepository({
        serverUrl: httpUrl,
        root: await readFile(join(keys, 'root.json')),
        trustedFile: join(folder, 'publisher.trusted.json'),
      }),
      server: new ServerConnection(httpUrl, token),
      nowMs: Date.now(),
    };
  }
}

function preparedRelease({ model, version, manifest, files }: SampleRelease) {
  const names = ['model.onnx', 'golden.json'];
  return {
    id: { model, version },
    manifest: { bytes: manifest, sha256: sha256(manifest) },
    files: files.map((bytes, i) => ({
      name: names[i] ?? '',
      bytes: bytes.byteLength,
      sha256: sha256(bytes),
      open: () => Readable.from([bytes]),
    })),
  };
}

async function costOf(act: () => Promise<void>): Promise<Cost> {
  let bytes = 0;
  const count = (message: unknown): void => {
    bytes += contentLengthOf(message);
  };
  subscribe('undici:request:headers', count);
  try {
    let ms = 0;
    const gapMs = await longestGapMs(async () => {
      const startedMs = performance.now();
      await act();
      ms = performance.now() - startedMs;
    });
    return { bytes, ms, gapMs };
  } finally {
    unsubscribe('undici:request:headers', count);
  }
}

/** `content-length` of a reply that fetch (undici) tells of: names and values, one after the other. */
function contentLengthOf(message: unknown): number {
  const { response } = message as { readonly response: { readonly headers: readonly Uint8Array[] } };
  const texts = response.headers.map((each) => Buffer.from(each).toString());
  const at = texts.findIndex((text) => text.toLowerCase() === 'content-length');
  if (at < 0) throw new Error('a reply came without its length: bytes cannot be counted so');
  return Number(texts[at + 1]);
}

async function measure(families: number, rounds: number, report: Report): Promise<Found> {
  const scale = await Scale.start(families);
  const publishMs: number[] = [];
  const ours: Record<string, Cost>[] = [];
  const theirs: Record<string, Cost>[] = [];
  const idleGapsMs: number[] = [];
  try {
    // The first round warms compilers up, on both sides.
    for (let round = 0; round <= rounds; round++) {
      const inThread = await scale.deviceCosts(inWorker, publishMs);
      const inMain = await scale.deviceCosts(inMainThread, publishMs);
      if (round === 0) continue;
      const whole = kinds.reduce((sum, kind) => sum + inThread[kind].ms, 0);
      idleGapsMs.push(await longestGapMs(() => sleep(whole)));
      ours.push(inThread);
      theirs.push(inMain);
      report(
        `  ${families} families, round ${round}: ${kinds.map((kind) => `${kind} ${text(inThread[kind])}`).join('   ')}`,
      );
    }
  } finally {
    await scale.stop();
  }
  const by = (all: readonly Record<string, Cost>[]): Costs => ({
    first: all.flatMap(({ first }) => first ?? []),
    unchanged: all.flatMap(({ unchanged }) => unchanged ?? []),
    changed: all.flatMap(({ changed }) => changed ?? []),
  });
  return { families, ours: by(ours), inMainThread: by(theirs), publishMs: publishMs.slice(2), idleGapsMs };
}

async function run(report: Report, { isQuick, signal }: BenchOptions): Promise<BenchResult> {
  const found: Found[] = [];
  for (const families of sizes) {
    if (!signal.aborted) found.push(await measure(families, isQuick ? 1 : 5, report));
  }
  return {
    figures: Object.fromEntries(found.map((each) => [String(each.families), figuresOf(each)])),
    comparisons: found.flatMap(comparisonsOf),
  };
}

function figuresOf({ families, ours, publishMs, idleGapsMs }: Found): Record<string, number> {
  const figures: [string, number][] = [
    ['roles', families * 2],
    ['manifests', manifests],
    ...kinds.flatMap((kind): [string, number][] => [
      [`${kind}Bytes`, median(ours[kind].map(({ bytes }) => bytes))],
      [`${kind}Ms`, median(ours[kind].map(({ ms }) => ms))],
    ]),
    ['maxGapMs', maxGap(ours)],
    ['medianGapMs', medianGap(ours)],
    ['idleMaxGapMs', Math.max(...idleGapsMs)],
    ['publishMs', median(publishMs)],
  ];
  return Object.fromEntries(figures);
}

function maxGap(costs: Costs): number {
  return Math.max(...kinds.flatMap((kind) => costs[kind].map(({ gapMs }) => gapMs)));
}

/** Of the longest gap of each device. */
function medianGap({ first, unchanged, changed }: Costs): number {
  return median(first.map(({ gapMs }, i) => Math.max(gapMs, unchanged[i]?.gapMs ?? 0, changed[i]?.gapMs ?? 0)));
}

function comparisonsOf({ families, ours, inMainThread: theirs, idleGapsMs }: Found): Comparison[] {
  const [gap, theirGap] = [maxGap(ours), maxGap(theirs)];
  const times = kinds.map((kind): Comparison => {
    const [a, b] = [median(ours[kind].map(({ ms }) => ms)), median(theirs[kind].map(({ ms }) => ms))];
    return { what: `${families} families: refresh, ${kind}`, ours: a, theirs: b, unit: 'ms', ratio: a / b };
  });
  const longest: Comparison = {
    what: `${families} families: longest gap of all`,
    ours: gap,
    theirs: theirGap,
    unit: 'ms',
    ratio: gap / theirGap,
    bar: `< ${barMs} ms`,
    // A thread that does nothing is held up as long: whether ours holds itself up cannot be seen here.
    ...(Math.max(...idleGapsMs) < barMs && { met: gap < barMs }),
  };
  const middle: Comparison = {
    what: `${families} families: longest gap, median of the rounds`,
    ours: medianGap(ours),
    theirs: medianGap(theirs),
    unit: 'ms',
    ratio: medianGap(ours) / medianGap(theirs),
  };
  return [...times, middle, longest];
}

function text({ bytes, ms, gapMs }: Cost): string {
  return `${(bytes / 1024).toFixed(1)} KiB ${ms.toFixed(0)} ms (gap ${gapMs.toFixed(1)})`;
}

/** What a refresh of a device costs as the number of model families grows. */
export const bench: Bench = {
  name: 'trust-scale',
  title: `a device's refresh, and a publication, among ${sizes.join(', ')} families (two roles each) with ${manifests} manifests`,
  comparesWith: 'verified in the main thread',
  run,
};
