import type { Attribution, CommonLabel } from '@bellwether/shared/contract/alert';
import { armsSay } from './attribution-arms.js';
import type { Trouble } from './attribution-facts.js';
import { type CountedTrait, countTraits, isTelling } from './attribution-traits.js';
import { uncompared } from './attribution-uncompared.js';

/** Traits within a factor of ten of the least likely one explain the trouble equally well. */
const equalWithin = Math.log(10);
/** Labels that the contract takes. */
const labelPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}=[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const maxSentence = 1000;

type Cause = Attribution['cause'];

/**
 * Where a trouble comes from. The arms of a canary go first: they differ in nothing but the release. Then what sets the
 * affected devices apart from the others; a change goes before what was always so. Two that fit equally well and point to
 * different sides leave it undetermined, unless the arms rule the release out. Where nobody is left to compare with nobody is
 * accused, but by a comparison with the same devices before.
 */
export function attribute({ symptom, devices, elsewhere = 0, isTogether = false, segments }: Trouble): Attribution {
  const arms = armsSay(segments);
  if (arms.says === 'canary-only')
    return { cause: 'model', sentence: cut(`The release: ${arms.sentence}.`), common: null };
  const affected = devices.filter(({ troubleSinceMs }) => troubleSinceMs !== null).length;
  const isRuledOut = arms.says === 'both-arms';
  const traits = affected === 0 ? [] : countTraits(devices).filter(({ side }) => !(isRuledOut && side === 'model'));
  const telling = fitBest(traits.filter(isTelling));
  const ruledOut = isRuledOut ? arms.sentence : null;
  if (telling !== undefined) return fromTraits(telling, { ruledOut, isTogether });
  if (isRuledOut && symptom !== 'drift') {
    const text = `Not the release: ${arms.sentence}; nothing sets the affected devices apart.`;
    return { cause: 'infrastructure', sentence: cut(text), common: null };
  }
  const changed = uncompared({ symptom, devices, elsewhere }, isRuledOut ? 'infrastructure' : undefined);
  if (changed !== undefined) return { ...changed, sentence: cut(changed.sentence) };
  return withoutTraits({ symptom, affected, all: devices.length });
}

/** Traits that explain a trouble equally well: those to be named, and all of them. */
interface Explanation {
  readonly named: readonly [CountedTrait, ...CountedTrait[]];
  readonly equal: readonly CountedTrait[];
}

/** Those that explain it best, the surest first; of these the changes, where there are any. */
function fitBest(traits: readonly CountedTrait[]): Explanation | undefined {
  const least = traits[0]?.logP ?? 0;
  const equal = traits.filter(({ logP }) => logP <= least + equalWithin);
  const changes = equal.filter(({ isChange }) => isChange);
  const [first, ...rest] = changes.length > 0 ? changes : equal;
  return first === undefined ? undefined : { named: [first, ...rest], equal };
}

/** What is found once says how many devices have it, and nothing of chance: that counts findings. */
function fromTraits(
  { named, equal }: Explanation,
  { ruledOut, isTogether }: { readonly ruledOut: string | null; readonly isTogether: boolean },
): Attribution {
  const [first, ...rest] = named;
  const rival = rest.find(({ side }) => side !== first.side);
  const cause: Cause = rival === undefined ? first.side : 'undetermined';
  const parts = [
    isTogether ? `${counts(first)} (it is found over all of them together)` : describe(first),
    ...(rival === undefined ? [] : [`${counts(rival)} as well, which fits equally`]),
    ...(ruledOut === null ? [] : [`not the release: ${ruledOut}`]),
  ];
  return {
    cause,
    sentence: cut(`${opening(cause)}${parts.join('; ')}.`),
    common: isTogether ? null : commonLabel(equal),
  };
}

/** What is left to be said where nothing sets the affected apart. */
function withoutTraits({
  symptom,
  affected,
  all,
}: {
  readonly symptom: Trouble['symptom'];
  readonly affected: number;
  readonly all: number;
}): Attribution {
  const text = `${affected} of ${all} devices are affected, and nothing that they have or that was changed sets them apart`;
  if (symptom !== 'drift' || affected * 2 < all) {
    return { cause: 'undetermined', sentence: cut(`Undetermined: ${text}.`), common: null };
  }
  return {
    cause: 'model',
    sentence: cut(`The model: ${text}; what it sees is no longer what it was made for.`),
    common: null,
  };
}

function opening(cause: Cause): string {
  if (cause === 'undetermined') return 'Undetermined: ';
  return cause === 'model' ? 'The release: ' : 'What it runs on: ';
}

function counts({ affected, ofAffected, others, ofOthers, text }: CountedTrait): string {
  return `${affected} of ${ofAffected} affected devices ${text}, and ${others} of ${ofOthers} others`;
}

function describe(trait: CountedTrait): string {
  return `${counts(trait)} (${trait.lift.toPrecision(2)} times as often, p ≤ 1e${Math.ceil(trait.logP / Math.LN10)} after correction)`;
}

function commonLabel(equal: readonly CountedTrait[]): CommonLabel | null {
  for (const { label, affected, ofAffected, others, ofOthers, lift, logP } of equal) {
    if (label === null || !labelPattern.test(label)) continue;
    return { label, affected, ofAffected, others, ofOthers, lift, p: Math.exp(logP) };
  }
  return null;
}

function cut(text: string): string {
  return text.length <= maxSentence ? text : `${text.slice(0, maxSentence - 1)}…`;
}
