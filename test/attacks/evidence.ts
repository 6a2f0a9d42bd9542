import type { VerdictInput } from '@bellwether/control-plane/rollouts/verdict/judge';
import type { Verdict } from '@bellwether/control-plane/rollouts/verdict/verdict';
import { codeOf } from '@bellwether/shared/errors';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { type JudgeAttack, type Judgement, onJudge } from '../support/attack-on-judge.js';
import { arms, device, devices, look, segment } from '../support/fleet-evidence.js';
import { rfcKey, sampleBundles } from '../support/verdict-bundles.js';

const good = segment({ calls: arms(19_000, 1000) });
const few = segment({ calls: arms(570, 30) });
const praise = segment({ calls: arms(19_000_000, 1_000_000) });
const slander = segment({
  calls: arms(19_000, 1000),
  cells: { error: arms(0, 900), invalid: arms(0, 0), death: arms(0, 0) },
});

/** `passed` when the verdict is what the attacker wants, else what it says instead. */
const wants = (value: Verdict['value'], input: VerdictInput) => (judgement: Judgement) => {
  const verdict = judgement.judge(input);
  return verdict.value === value ? 'passed' : (verdict.reasons[0]?.code ?? 'none');
};

/** Whether a reader with the server's verdict key believes a bundle. */
function isBelieved({ bundles }: Judgement, file: Parameters<typeof JSON.stringify>[0]): string {
  try {
    bundles.replay(bundles.openBundle(Buffer.from(JSON.stringify(file)), rfcKey.publicKey));
    return 'passed';
  } catch (error) {
    return codeOf(error) ?? 'uncoded';
  }
}

/** Harm was found; the attacker would have it a pass. */
function praised(bundles: Judgement['bundles'], key: typeof rfcKey) {
  const { fail, pass } = sampleBundles();
  if (fail === undefined || pass === undefined) throw new Error('there are no samples');
  return bundles.sealBundle({ ...fail, verdict: pass.verdict }, key);
}

const verdictModule = (name: string) => `control-plane/rollouts/verdict/${name}`;

const specs: readonly JudgeAttack[] = [
  {
    id: 'evidence-liar-fails',
    attacker: 'one device',
    row: 'counts errors of its canary that never were, to have a good release taken back from the whole fleet',
    code: 'single-device',
    control: 'no device decides alone (loneVoice, control-plane/rollouts/verdict/harm.ts)',
    patches: [{ module: verdictModule('judge'), guard: 'if (lone === undefined)', permissive: 'if (true)' }],
    attack: wants('fail', look([...devices(9, [good]), device('liar', [slander])])),
  },
  {
    id: 'evidence-liar-slanders-first',
    attacker: 'one device',
    row: 'counts errors that never were before any other device of its cohort has been heard',
    code: 'single-device',
    control: 'who has not been heard yet has a voice too (loneVoice, control-plane/rollouts/verdict/harm.ts)',
    patches: [
      {
        module: verdictModule('harm'),
        guard: 'if (devices.length < fewestToOutvote)',
        permissive: 'if (devices.filter(({ segments }) => segments.length > 0).length < fewestToOutvote)',
      },
    ],
    attack: wants('fail', look([device('liar', [slander]), device('b', []), device('c', [])])),
  },
  {
    id: 'evidence-liar-passes',
    attacker: 'one device',
    row: 'counts a million good calls of its canary, to have a release pass that hardly anybody has tried',
    code: 'gathering',
    control: 'one voice is at most a fifth of a pass (capped, control-plane/rollouts/verdict/promotion.ts)',
    patches: [
      { module: verdictModule('promotion'), guard: 'Math.min(evidence(device), most)', permissive: 'evidence(device)' },
    ],
    attack: wants('pass', look([...devices(9, [few]), device('liar', [praise])])),
  },
  {
    id: 'evidence-liar-praises-first',
    attacker: 'one device',
    row: 'counts a million good calls before any other device of its cohort has been heard, as if it were the only one',
    code: 'gathering',
    control: 'who has not been heard yet is one of n (capped, control-plane/rollouts/verdict/promotion.ts)',
    patches: [{ module: verdictModule('promotion'), guard: 'device.segments.length === 0 ||', permissive: '' }],
    attack: wants('pass', look([device('liar', [praise]), ...devices(9, [])])),
  },
  {
    id: 'evidence-impossible',
    attacker: 'one device',
    row: 'counts more errors than calls, where two devices cannot outvote each other',
    code: 'not-measured',
    control: 'counters that cannot be are not used (control-plane/rollouts/verdict/contradiction.ts)',
    patches: [
      { module: verdictModule('contradiction'), guard: 'return segments.some(', permissive: 'return [].some(' },
    ],
    attack: wants('fail', look([device('a', [good]), device('liar', [{ ...slander, calls: arms(200, 10) }])])),
  },
  {
    id: 'verdict-not-of-its-counters',
    attacker: 'server with all online keys',
    row: 'signs a verdict that is not that of its counters, to say afterwards that a release had passed',
    code: 'verdict-differs',
    control: 'the verdict is made again (replay, control-plane/rollouts/verdict/bundle-file.ts)',
    patches: [
      { module: verdictModule('bundle-file'), guard: 'if (difference !== undefined)', permissive: 'if (false)' },
    ],
    attack: (judgement) => isBelieved(judgement, praised(judgement.bundles, rfcKey)),
  },
  {
    id: 'verdict-other-key',
    attacker: 'network',
    row: 'puts a verdict of its own making, signed by a key of its own, in the place of the server’s',
    code: 'verdict-key',
    control: 'the key that is trusted (openBundle, control-plane/rollouts/verdict/bundle-file.ts)',
    patches: [{ module: verdictModule('bundle-file'), guard: 'file.public !== publicKey', permissive: 'false' }],
    attack: (judgement) => {
      const { pass } = sampleBundles();
      if (pass === undefined) throw new Error('there is no sample');
      return isBelieved(judgement, judgement.bundles.sealBundle(pass, generateKeyPair()));
    },
  },
];

/** Attacks on evidence and verdicts. */
export const attacks = specs.map(onJudge);
