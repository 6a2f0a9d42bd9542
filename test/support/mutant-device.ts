import { pathToFileURL } from 'node:url';
import type * as keeper from '@bellwether/agent/trust/device-trust-keeper';
import type * as floors from '@bellwether/agent/trust/floors';
import type * as metadata from '@bellwether/agent/trust/metadata';
import type * as orderGate from '@bellwether/agent/trust/order-gate';
import type * as runner from '@bellwether/agent/trust/release-verifier';
import type * as repository from '@bellwether/agent/trust/repository-tuf';
import type * as workflow from '@bellwether/agent/trust/repository-tuf-workflow';
import type * as rules from '@bellwether/agent/trust/trust-rules';
import type * as time from '@bellwether/agent/trust/trusted-time';
import { codeOf } from '@bellwether/shared/errors';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from './manual-clock.js';
import type { MutantWorld } from './mutant-world.js';
import { digestOf, type HeldMetadata } from './rule-oracle.js';
import { deviceNamed } from './signed-order.js';

/** The device's verifiers, as they are built or with one line of them changed: see patched-product.ts. */
export interface DeviceCode {
  readonly keeper: typeof keeper;
  readonly repository: typeof repository;
  readonly workflow: typeof workflow;
  readonly rules: typeof rules;
  readonly metadata: typeof metadata;
  readonly floors: typeof floors;
  readonly runner: typeof runner;
  readonly orderGate: typeof orderGate;
  readonly time: typeof time;
}

/** Loads the verifiers from the agent's build in a folder. */
export async function loadDeviceCode(agentDist: string): Promise<DeviceCode> {
  const load = async <T>(name: string): Promise<T> =>
    (await import(`${pathToFileURL(agentDist).href}/trust/${name}.js`)) as T;
  return {
    keeper: await load('device-trust-keeper'),
    repository: await load('repository-tuf'),
    workflow: await load('repository-tuf-workflow'),
    rules: await load('trust-rules'),
    metadata: await load('metadata'),
    floors: await load('floors'),
    runner: await load('release-verifier'),
    orderGate: await load('order-gate'),
    time: await load('trusted-time'),
  };
}

/** What a server, or whoever stands in its place, serves. */
export interface Offer {
  readonly files: HeldMetadata;
  readonly manifest: Uint8Array;
}

export const mutantDevice = deviceNamed('mutant');
/** Trusted time on the device: between everything's expiry and the expired files' own. */
export const mutantNowMs = Date.UTC(2026, 5, 1);
const signal = new AbortController().signal;

/** What the main process made of an offer. */
export interface Believed {
  /** Undefined when nothing was saved. */
  readonly saved: HeldMetadata | undefined;
  /** The code of the refusal, or `passed`. */
  readonly code: string;
  /** Digest of the manifest that the device would now fetch, by release. */
  readonly listings: ReadonlyMap<string, string>;
}

/** Refreshes a fresh device that believes `world.held` from the offer: tuf-js, policy, floors and listing, without a network. */
export async function refreshDevice(code: DeviceCode, world: MutantWorld, { files }: Offer): Promise<Believed> {
  const { leaves, roots, ...rest } = world.held;
  const bytes = { roots, current: { ...rest, leaves } };
  const metadata = code.metadata.decodeMetadata(bytes);
  const floors = code.floors.raisedFloors({ root: 0, roles: {} }, metadata);
  const state = { floors, order: null, timeFloorMs: mutantNowMs };
  let saved: HeldMetadata | undefined;
  const keeper = new code.keeper.DeviceTrustKeeper(
    {
      store: {
        metadataFolder: '',
        save: async (_state, next) => {
          if (next?.current) saved = { roots: next.roots, ...next.current };
        },
      },
      repository: {
        refresh: async (request) => {
          const found = await code.workflow.updateMetadata(request, async (name) => fileNamed(files, name));
          if (found.kind === 'roots') throw new Error('a mutant has more roots than a pass follows');
          const blobs = [files.onlineKeys, world.held.onlineKeys];
          const fetchBlob = async (digest: string) =>
            blobs.find((each) => digestOf(each) === digest) ?? files.onlineKeys;
          return code.repository.settleRefresh(found, { request, fetchBlob, leaf: code.rules.trustRules.leaf });
        },
      },
      rules: code.rules.trustRules,
      clock: new ManualClock(),
      log: silentLog,
      configuration: {
        device: mutantDevice,
        stage: 'production',
        allowDevelopment: false,
        pinned: { sha256: digestOf(roots[0] ?? new Uint8Array()), version: 1 },
      },
    },
    { state, bytes, metadata, accepted: null },
  );
  const refreshed = await codeOfAttempt(() => keeper.refresh(signal));
  const listings = new Map<string, string>();
  for (const { model, version } of [world.served, world.newer, world.evil]) {
    await codeOfAttempt(() => listings.set(`${model}@${version}`, keeper.find(model, version).sha256));
  }
  return { saved, code: refreshed, listings };
}

/** The file of a role, whatever version is asked for: the server is the attacker's. */
function fileNamed(
  { roots, timestamp, snapshot, targets, leaves }: HeldMetadata,
  name: string,
): Uint8Array | undefined {
  const [, version, role = 'timestamp'] = /^(?:(\d+)\.)?(.+)\.json$/.exec(name) ?? [];
  if (role === 'root') return roots[Number(version) - 1];
  return leaves.get(role) ?? { timestamp, snapshot, targets }[role];
}

/** The runner's verdict on the same files, as if they lay on its disk; `passed` or the code of the refusal. */
export async function runnerVerdict(
  code: DeviceCode,
  world: MutantWorld,
  offer: Offer,
  version: string,
): Promise<string> {
  const { roots, targets, leaves } = offer.files;
  const evidence = {
    roots,
    targets,
    staging: leaves.get('staging-digits') ?? new Uint8Array(),
    production: leaves.get('production-digits'),
    manifest: offer.manifest,
  };
  const manifestSha256 = digestOf(offer.manifest);
  return codeOfAttempt(() =>
    code.runner.verifyRelease(evidence, { trust: trustOf(world), model: 'digits', version, manifestSha256 }),
  );
}

/** The boot's verdict on the same files. */
export async function bootVerdict(code: DeviceCode, world: MutantWorld, { files }: Offer): Promise<string> {
  const { roots, ...current } = files;
  return codeOfAttempt(() => code.runner.verifyMetadata({ roots, current }, trustOf(world)));
}

function trustOf({ held }: MutantWorld) {
  return {
    metadataFolder: '',
    rootSha256: digestOf(held.roots[0] ?? new Uint8Array()),
    rootVersion: 1,
    stage: 'production' as const,
    allowDevelopment: false,
    floors: { root: 2, targets: 1, roles: { 'staging-digits': 2, 'production-digits': 2 } },
  };
}

/** The code of a refusal, `passed`, or `crashed: …` for anything that is no refusal. */
async function codeOfAttempt(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return 'passed';
  } catch (error) {
    return codeOf(error) ?? `crashed: ${String(error)}`;
  }
}
