import { readFileSync } from 'node:fs';
import { DriftMonitor } from '@bellwether/control-plane/telemetry/drift/drift-monitor';
import { DriftStoreSql } from '@bellwether/control-plane/telemetry/drift/drift-store-sql';
import { type WatchedRelease, watchedRelease } from '@bellwether/control-plane/telemetry/drift/watched-release';
import type { Window } from '@bellwether/shared/contract/window';
import { silentLog } from '@bellwether/shared/log';
import { decodeReference } from '@bellwether/shared/models/reference';
import { checkReleaseSource } from '@bellwether/shared/models/release-source';
import { parse } from '@bellwether/shared/yaml';
import { temporaryDatabase } from './database.js';
import { digitsFolder } from './digits.js';
import { ManualClock } from './manual-clock.js';
import { armOf, windowOf } from './telemetry-messages.js';

/** What the server's watch for drift costs ingest, and what a look costs. */
export interface DriftCost {
  readonly devices: number;
  /** Watched values, classes and confidence of digits 1.1.0. */
  readonly streams: number;
  /** Microseconds of a window without and with feature counts. */
  readonly plainMicros: number;
  readonly featureMicros: number;
  /** Milliseconds of CPU of one look at a release, two labels and 200 devices, stored. */
  readonly lookMs: number;
}

const named = { model: 'digits', version: '1.1.0', manifest: 'a'.repeat(64) };
const devices = 1000;
const rounds = 20;

/** Measures a monitor on its own, without network, decoding and the windows' own store; its database is in memory. */
export async function measureDriftCost(): Promise<DriftCost> {
  const database = await temporaryDatabase(':memory:');
  const release = digits();
  const clock = new ManualClock();
  const monitor = new DriftMonitor({
    clock,
    log: silentLog,
    store: new DriftStoreSql(database.sqlite),
    references: { of: () => release, settled: () => Promise.resolve() },
    labelsOf: () => ['site=a', 'hardware=rpi5'],
  });
  try {
    monitor.start();
    await clock.advance(1000);
    await monitor.report();
    const [plain, counted] = windows(release);
    const microsOf = (window: Window): number => {
      const startedMs = performance.now();
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < devices; i++) monitor.take(`device-${i}`, window);
      }
      return ((performance.now() - startedMs) * 1000) / (rounds * devices);
    };
    microsOf(counted);
    const [plainMicros, featureMicros] = [microsOf(plain), microsOf(counted)];
    // Before the next look of its own, so that it is one that was asked for.
    await clock.advance(2000);
    const before = process.cpuUsage();
    await monitor.report();
    const { user, system } = process.cpuUsage(before);
    return { devices, streams: release.streams.length, plainMicros, featureMicros, lookMs: (user + system) / 1000 };
  } finally {
    await monitor.stop();
    await database.remove();
  }
}

function digits(): WatchedRelease {
  const file = (name: string): Buffer => readFileSync(new URL(`1.1.0/${name}`, digitsFolder));
  const source = checkReleaseSource(parse(file('release.yaml').toString()));
  return watchedRelease(
    named,
    { ...source, reference: { file: 'reference.json' } },
    decodeReference(file('reference.json')),
  );
}

function windows({ reference }: WatchedRelease): readonly [Window, Window] {
  const arm = armOf([1000], {
    ...named,
    classes: Array.from({ length: 10 }, () => 6),
    confidence: Array.from({ length: 20 }, () => 3),
  });
  const plain = windowOf({ endMs: 60_000, arms: [arm] });
  const features = reference.features.map(({ counts }) => [...counts.map(() => 60), 0]);
  const counted = { ...named, arm: 'stable' as const, sinceMs: 0, rows: 600, features };
  return [plain, { ...plain, features: [counted] }];
}
