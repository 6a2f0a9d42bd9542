/** Whoever attacks, by what they hold: the rows of the first table of docs/security.md. */
export const attackers = [
  'network',
  'broker',
  'server with all online keys',
  'director',
  'adjuster',
  'one publisher',
  'one approver',
  'director + publisher',
  'one device',
  'a local user',
] as const;
export type Attacker = (typeof attackers)[number];

/** What became of one run of an attack. */
export interface AttackOutcome {
  /** The code with which it was refused; `passed` when it did what the attacker wanted. */
  readonly code: string;
  /** What answered before and after: `digits@1.0.0`, or whatever tells that nothing else serves. */
  readonly servedBefore: string;
  readonly servedAfter: string;
  /** Of the state on disk, apart from logs and records of the refusal. */
  readonly diskUnchanged: boolean;
  /** What has changed there and should not, or the other way round; for whoever reads a failure. */
  readonly diskChanges?: string;
}

/** One attack, with its negative control: the same run with one guard replaced by a permissive one. */
export interface Attack {
  /** `tuf-rollback`: stands in docs/security.md, once. */
  readonly id: string;
  /** What the attacker does, in one sentence without a full stop; the same as in docs/security.md. */
  readonly row: string;
  readonly attacker: Attacker;
  /** How it must be refused. */
  readonly code: string;
  /** The one guard that the control replaces: which rule, and where it lives. */
  readonly control: string;
  /** `guarded`: everything is the product's own. Otherwise the guard of `control` is a permissive one. */
  run(guarded: boolean): Promise<AttackOutcome>;
  /** Where the runner's own verifier stands behind the guard [T-3b]: the run in which only the main process lost it. */
  readonly secondLine?: () => Promise<AttackOutcome>;
}

/** What is wrong with a guarded run; undefined when the attack was refused as it must be and nothing has changed. */
export function guardedProblem({ code }: Pick<Attack, 'code'>, outcome: AttackOutcome): string | undefined {
  if (outcome.code !== code) return `refused with ${outcome.code} instead of ${code}`;
  if (outcome.servedAfter !== outcome.servedBefore) {
    return `${outcome.servedAfter} answers, and ${outcome.servedBefore} did before`;
  }
  return outcome.diskUnchanged ? undefined : `the state on disk has changed: ${outcome.diskChanges ?? ''}`;
}

/** What is wrong with a run in which the runner stood alone; undefined when it refused and nothing else serves. */
export function secondLineProblem({ code, servedBefore, servedAfter }: AttackOutcome): string | undefined {
  if (code !== 'runner-refused') return `refused with ${code} instead of runner-refused`;
  return servedAfter === servedBefore ? undefined : `${servedAfter} answers, and ${servedBefore} did before`;
}

/** What is wrong with a control; undefined when the attack succeeded without its guard. */
export function controlProblem(outcome: AttackOutcome): string | undefined {
  return outcome.code === 'passed' ? undefined : `refused with ${outcome.code} although its guard was replaced`;
}

/** What a run over mutants of signed documents found. */
export interface MutantFigures {
  readonly mutants: number;
  /** Acted on signed content whose canonical bytes nobody with that authority had signed. */
  readonly accepted: number;
  /** Other bytes with the meaning that was signed, taken: TUF signs the canonical form. */
  readonly sameMeaning: number;
  /** The same of our own formats, whose readers are strict. */
  readonly sameMeaningOwn: number;
}

/** Seeded mutants of all signed formats against the device's verifiers, as bench `attacks` runs them. */
export interface MutantRun {
  run(count: number, report: (line: string) => void): Promise<MutantFigures>;
}
