import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { admitFiles, admitListing, admitManifest, type MeasuredFile } from '@bellwether/agent/installs/admission';
import { openBlobFolder } from '@bellwether/agent/installs/blob-folder-disk';
import type { Blobs } from '@bellwether/agent/installs/blobs';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { readReleaseEvidence } from '@bellwether/agent/trust/release-evidence-disk';
import { verifyFile, verifyRelease } from '@bellwether/agent/trust/release-verifier';
import { sha256 } from '@bellwether/shared/signing/digest';
import { type SampleRelease, sampleRelease } from '../support/sample-release.js';
import { TrustWorld } from '../support/trust-world.js';
import { type Bench, type BenchResult, median, type Report } from './bench.js';

const megabytes = 100;
const maxRatio = 4;
const never = new AbortController().signal;

/** Milliseconds of each part of one admission. */
interface Parts {
  /** Main process: new metadata fetched over loopback and verified by tuf-js in its worker, all signatures. */
  readonly metadataMs: number;
  /** Main process: listing, manifest, every byte hashed. */
  readonly mainMs: number;
  /** The runner's own: root to role files with tweetnacl, every byte read once and hashed. */
  readonly runnerMs: number;
}

/** A signed release whose graph is 100 MB of noise: nobody loads it here. */
function largeRelease(): SampleRelease {
  const sample = sampleRelease('digits', '1.0.0');
  const graph = randomFillSync(Buffer.allocUnsafe(megabytes * 1024 ** 2));
  const manifest = JSON.parse(Buffer.from(sample.manifest).toString()) as { files: Record<string, unknown> };
  manifest.files['model.onnx'] = { bytes: graph.byteLength, sha256: sha256(graph) };
  const [, golden = Buffer.alloc(0)] = sample.files;
  return { ...sample, manifest: Buffer.from(JSON.stringify(manifest)), files: [graph, golden] };
}

async function admitOnce(world: TrustWorld, trust: DeviceTrust, blobs: Blobs, release: SampleRelease): Promise<Parts> {
  const { model, version } = release;
  await world.repository.publish(`staging-${model}`, `production-${model}`);
  const startedMs = performance.now();
  await trust.refresh(never);
  const metadataMs = performance.now() - startedMs;

  const ordered = { model, version, manifest: sha256(release.manifest) };
  const listing = trust.find(model, version);
  admitListing(ordered, listing);
  const bytes = (await blobs.read(listing.sha256, listing.bytes)) ?? new Uint8Array();
  const admitted = admitManifest({ ordered, listing, bytes, serving: null });
  const measured = new Map<string, MeasuredFile>();
  for (const [name, file] of Object.entries(admitted.manifest.files)) {
    const here = await blobs.measure(file.sha256, never);
    if (here !== undefined) measured.set(name, here);
  }
  const verified = admitFiles(admitted, measured, blobs.folder);
  const mainMs = performance.now() - startedMs - metadataMs;

  const runnerTrust = trust.runnerTrust();
  const evidence = await readReleaseEvidence(runnerTrust, model, verified.blobFolder, verified.manifestSha256);
  const manifest = verifyRelease(evidence, {
    trust: runnerTrust,
    model,
    version,
    manifestSha256: verified.manifestSha256,
  });
  for (const [name, file] of Object.entries(manifest.files)) {
    verifyFile(manifest, name, readFileSync(join(blobs.folder, file.sha256)));
  }
  const runnerMs = performance.now() - startedMs - metadataMs - mainMs;
  return { metadataMs, mainMs, runnerMs };
}

function opensslMs(path: string): number {
  const startedMs = performance.now();
  const { status } = spawnSync('openssl', ['dgst', '-sha256', path], { stdio: 'ignore' });
  if (status !== 0) throw new Error('openssl dgst failed');
  return performance.now() - startedMs;
}

async function run(
  report: Report,
  { isQuick, signal }: { readonly isQuick: boolean; readonly signal: AbortSignal },
): Promise<BenchResult> {
  const world = await TrustWorld.start();
  try {
    const release = largeRelease();
    await world.repository.addRelease(release);
    const trust = await world.openWith(release);
    const folder = join(world.folder, 'device', 'blobs');
    await mkdir(folder, { recursive: true });
    for (const bytes of [release.manifest, ...release.files]) await writeFile(join(folder, sha256(bytes)), bytes);
    const blobs = await openBlobFolder(folder);
    const graphPath = join(folder, sha256(release.files[0] ?? new Uint8Array()));
    const openssl: number[] = [];
    const admissions: Parts[] = [];
    // The first round warms caches and compilers up.
    for (let round = 0; round <= (isQuick ? 2 : 5) && !signal.aborted; round++) {
      const theirs = opensslMs(graphPath);
      const ours = await admitOnce(world, trust, blobs, release);
      if (round === 0) continue;
      openssl.push(theirs);
      admissions.push(ours);
      const { metadataMs, mainMs, runnerMs } = ours;
      report(
        `openssl ${text(theirs)}   metadata ${text(metadataMs)}   main ${text(mainMs)}   runner ${text(runnerMs)}`,
      );
    }
    return resultOf(openssl, admissions);
  } finally {
    await world.stop();
  }
}

function resultOf(openssl: readonly number[], admissions: readonly Parts[]): BenchResult {
  const ours = median(admissions.map(({ metadataMs, mainMs, runnerMs }) => metadataMs + mainMs + runnerMs));
  const theirs = median(openssl);
  const ratio = ours / theirs;
  const part = (name: keyof Parts): number => median(admissions.map((admission) => admission[name]));
  return {
    figures: {
      opensslMs: theirs,
      admissionMs: ours,
      ratio,
      metadataMs: part('metadataMs'),
      mainMs: part('mainMs'),
      runnerMs: part('runnerMs'),
    },
    comparisons: [
      {
        what: `verify and admit ${megabytes} MB, both verifiers and all signatures`,
        ours,
        theirs,
        unit: 'ms',
        ratio,
        bar: `≤ ${maxRatio} ×`,
        met: ratio <= maxRatio,
      },
    ],
  };
}

function text(ms: number): string {
  return `${ms.toFixed(0)} ms`.padStart(7);
}

/** What the checks of a release cost beside one hash of its bytes. */
export const bench: Bench = {
  name: 'admission',
  title: `verify and admit a ${megabytes} MB release that is on disk, without loading it`,
  comparesWith: 'openssl dgst -sha256',
  run,
};
