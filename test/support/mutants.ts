import {
  bootVerdict,
  type DeviceCode,
  mutantNowMs,
  type Offer,
  refreshDevice,
  runnerVerdict,
} from './mutant-device.js';
import { type EnvelopeMutant, envelopeProblem, makeEnvelopeMutant, offerEnvelope } from './mutant-envelopes.js';
import { MutantRandom } from './mutant-random.js';
import { makeTufMutant } from './mutant-tuf.js';
import type { MutantWorld } from './mutant-world.js';
import { RuleOracle } from './rule-oracle.js';

/** What became of a run of mutants. */
export interface MutantCounts {
  mutants: number;
  /** Changed in structure and signed again with what the attacker holds. */
  resigned: number;
  /** Acted on, rightly: whoever may say so had signed exactly this. */
  allowed: number;
  /** Acted on although nobody with the authority had signed it. Must stay 0. */
  accepted: number;
  /** TUF files that were believed in other bytes than anybody wrote, with the same canonical form. */
  sameMeaningTuf: number;
  /** The same of our own formats. Must stay 0. */
  sameMeaningOwn: number;
  /** Of those of our own: only a signature that no known key made was added or dropped; DSSE signs no signature list, and rotation needs it. */
  spareSignatures: number;
  /** Neither acted on nor refused with a code. Must stay 0. */
  crashed: number;
  /** The first few that should not be, in words, with the number that makes them again. */
  faults: string[];
}

/** Signed documents that mutate. */
export type MutantFormat = 'tuf' | 'online' | 'manifest' | 'order' | 'time';
/** Of twenty mutants. */
const mix: readonly MutantFormat[] = [
  ...Array.from({ length: 11 }, () => 'tuf' as const),
  'online',
  'manifest',
  'manifest',
  ...Array.from({ length: 4 }, () => 'order' as const),
  'time',
  'time',
];

export interface MutantRun {
  readonly seed: number;
  /** The first mutant's number, and how many. */
  readonly first?: number;
  readonly count: number;
  /** What mutates; all, in a fixed mix, when it is not said. */
  readonly formats?: readonly MutantFormat[];
  /** Ends with the first mutant that should not have passed. */
  readonly stopAtFault?: boolean;
  readonly onProgress?: (done: number, counts: MutantCounts) => void;
}

/** What of a mutant counts. */
interface Outcome {
  readonly isResigned: boolean;
  readonly label: string;
  readonly isActedOn: boolean;
  readonly problems: readonly string[];
  readonly crashes: readonly string[];
  readonly rewritten: 'tuf' | 'own' | 'spare' | undefined;
}

/** Makes mutants one after the other and offers each to the device's verifiers; the same seed makes the same ones. */
export async function runMutants(code: DeviceCode, world: MutantWorld, run: MutantRun): Promise<MutantCounts> {
  const counts: MutantCounts = {
    mutants: 0,
    resigned: 0,
    allowed: 0,
    accepted: 0,
    sameMeaningTuf: 0,
    sameMeaningOwn: 0,
    spareSignatures: 0,
    crashed: 0,
    faults: [],
  };
  const first = run.first ?? 0;
  for (let number = first; number < first + run.count; number++) {
    // Each mutant has a stream of its own: number 7,341 can be made again without the 7,340 before it.
    const random = new MutantRandom(run.seed * 1_000_003 + number);
    const format = random.pick(run.formats ?? mix);
    const outcome =
      format === 'order' || format === 'time'
        ? judgeEnvelope(code, world, makeEnvelopeMutant(format, world, random))
        : await judgeTuf(code, world, { random, format });
    add(counts, outcome, `mutant ${run.seed}/${number}`);
    run.onProgress?.(number - first + 1, counts);
    if (run.stopAtFault === true && counts.faults.length > 0) break;
  }
  return counts;
}

function add(counts: MutantCounts, outcome: Outcome, name: string): void {
  counts.mutants++;
  if (outcome.isResigned) counts.resigned++;
  const isAccepted = outcome.problems.length > 0;
  if (isAccepted) counts.accepted++;
  else if (outcome.isActedOn) counts.allowed++;
  if (outcome.rewritten === 'tuf') counts.sameMeaningTuf++;
  if (outcome.rewritten === 'own') counts.sameMeaningOwn++;
  if (outcome.rewritten === 'spare') counts.spareSignatures++;
  if (outcome.crashes.length > 0) counts.crashed++;
  const faults = [...outcome.problems, ...outcome.crashes, ...(outcome.rewritten === 'own' ? ['rewritten'] : [])];
  if (faults.length > 0 && counts.faults.length < 20)
    counts.faults.push(`${name}, ${outcome.label}: ${faults.join('; ')}`);
}

function judgeEnvelope(code: DeviceCode, world: MutantWorld, mutant: EnvelopeMutant): Outcome {
  const verdict = offerEnvelope(code, world, mutant);
  const { isActedOn } = verdict;
  const problem = isActedOn ? envelopeProblem(mutant, world) : undefined;
  const ambiguous = isActedOn && mutant.isAmbiguous ? ['two readers could see two documents'] : [];
  return {
    isResigned: mutant.isResigned,
    label: `${mutant.kind} by ${mutant.row} (${mutant.what})`,
    isActedOn,
    problems: [...(problem === undefined ? [] : [problem]), ...ambiguous],
    crashes: verdict.code.startsWith('crashed') ? [verdict.code] : [],
    rewritten: isActedOn && !world.ledger.wrote(mutant.bytes) ? rewriting(mutant.bytes) : undefined,
  };
}

/** In the exact form only the list of signatures can differ. */
function rewriting(bytes: Uint8Array): 'own' | 'spare' {
  const text = Buffer.from(bytes).toString();
  const { payloadType, payload, signatures } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ payloadType, payload, signatures }) === text ? 'spare' : 'own';
}

interface TufCase {
  readonly random: MutantRandom;
  readonly format: 'tuf' | 'online' | 'manifest';
}

async function judgeTuf(code: DeviceCode, world: MutantWorld, { random, format }: TufCase): Promise<Outcome> {
  const mutant = makeTufMutant(format, world, random);
  const { offer } = mutant;
  const oracle = new RuleOracle(world.ledger, world.held.roots[0] ?? new Uint8Array(), mutantNowMs);
  const problems: string[] = [];
  const believed = await refreshDevice(code, world, offer);
  const now = believed.saved ?? world.held;
  if (believed.saved !== undefined) problems.push(...named('device', oracle.heldProblem(now, world.held)));
  for (const [release, manifest] of believed.listings) {
    problems.push(...named('listing', oracle.listingProblem(now.leaves, release, manifest)));
  }
  const { newer, evil } = world;
  const release = offer.manifest === evil.manifest ? evil : newer;
  const runner = isHonest(world, offer) ? 'passed' : await runnerVerdict(code, world, offer, release.version);
  if (runner === 'passed') {
    problems.push(...named('runner', oracle.releaseProblem(offer.files, `digits@${release.version}`, offer.manifest)));
  }
  const boot = mutant.isForBoot ? await bootVerdict(code, world, offer) : 'not asked';
  const isActedOn = believed.saved !== undefined || runner === 'passed';
  if (isActedOn && mutant.isAmbiguous && isRewritten(oracle, believed.saved))
    problems.push('two readers could see two documents');
  return {
    isResigned: mutant.isResigned,
    label: `${format} by ${mutant.row} (${mutant.what})`,
    isActedOn,
    problems,
    crashes: [believed.code, runner, boot].filter((each) => each.startsWith('crashed')),
    rewritten:
      isRewritten(oracle, believed.saved) || (runner === 'passed' && isRewritten(oracle, offer.files))
        ? 'tuf'
        : undefined,
  };
}

/** All that the runner reads is as it was published: tweetnacl needs 50 ms to say so. */
function isHonest({ next, held, newer }: MutantWorld, { files, manifest }: Offer): boolean {
  const same = [...next.leaves].every(
    ([name, leaf]) => Buffer.compare(leaf, files.leaves.get(name) ?? new Uint8Array()) === 0,
  );
  const others = files.roots.length === held.roots.length && Buffer.compare(files.targets, next.targets) === 0;
  return same && others && manifest === newer.manifest;
}

function isRewritten(oracle: RuleOracle, held: Parameters<RuleOracle['heldProblem']>[0] | undefined): boolean {
  if (held === undefined) return false;
  return [...held.roots, held.timestamp, held.snapshot, held.targets, ...held.leaves.values()].some((bytes) =>
    oracle.isRewritten(bytes),
  );
}

function named(who: string, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`${who}: ${problem}`];
}
