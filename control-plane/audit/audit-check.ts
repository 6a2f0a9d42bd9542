import { digestOf, genesisDigest } from './audit-chain.js';
import type { AuditRow } from './audit-row.js';

/** What was done to a log. `unlinked`: a row, or its neighbour, was changed by somebody who also wrote the digest anew. */
export type TamperingKind = 'altered' | 'removed' | 'reordered' | 'repeated' | 'unlinked' | 'truncated' | 'rewritten';

/** One thing that is wrong, in words with numbers. */
export interface Tampering {
  readonly kind: TamperingKind;
  /** The row that it is about. */
  readonly sequence: number;
  readonly message: string;
}

/** Where the log ended once, as somebody away from the server knows it: `who` in words, for the message. */
export interface KnownEnd {
  readonly sequence: number;
  readonly digest: string;
  readonly who: string;
}

/** Rows of which it is tried whether they changed places. */
const maxExchanged = 1000;

/** Looks at a log row by row, from the first on, and says what was done to it. */
export class AuditCheck {
  readonly #known: readonly KnownEnd[];
  readonly #wanted: ReadonlySet<number>;
  /** Of the rows that somebody vouches for. */
  readonly #digests = new Map<number, string>([[0, genesisDigest]]);
  readonly #found: Tampering[] = [];
  readonly #altered: AuditRow[] = [];
  #missing: ReadonlyArray<{ readonly from: number; readonly to: number }> = [];
  #highest = 0;
  #last = genesisDigest;

  /** `known`: the ends that were kept away from the server. */
  constructor(known: readonly KnownEnd[] = []) {
    this.#known = known;
    this.#wanted = new Set(known.map(({ sequence }) => sequence));
  }

  /** The next row, in the order that the log has. */
  add(row: AuditRow): void {
    const { sequence } = row;
    if (this.#wanted.has(sequence)) this.#digests.set(sequence, row.digest);
    if (digestOf(row) !== row.digest) this.#altered.push(row);
    if (sequence <= this.#highest) {
      this.#early(row);
      return;
    }
    if (sequence > this.#highest + 1) {
      this.#missing = [...this.#missing, { from: this.#highest + 1, to: sequence - 1 }];
    } else if (row.previous !== this.#last) {
      this.#say('unlinked', sequence, `row ${sequence} was written after another row than the one before it`);
    }
    this.#highest = sequence;
    this.#last = row.digest;
  }

  /** Everything that is wrong, when all rows were added. */
  finish(): readonly Tampering[] {
    for (const { from, to } of this.#missing) {
      const rows = from === to ? `row ${from} was` : `rows ${from} to ${to} were`;
      this.#say('removed', from, `${rows} removed: ${from - 1} is followed by ${to + 1}`);
    }
    this.#explainAltered();
    for (const end of this.#known) this.#checkEnd(end);
    return this.#found.toSorted((a, b) => a.sequence - b.sequence);
  }

  /** A row that comes after a higher one: it is one of those that seemed to be missing, or it is there twice. */
  #early({ sequence }: AuditRow): void {
    const gap = this.#missing.find(({ from, to }) => from <= sequence && sequence <= to);
    if (gap === undefined) {
      this.#say('repeated', sequence, `row ${sequence} is there more than once`);
      return;
    }
    const rest = [
      { from: gap.from, to: sequence - 1 },
      { from: sequence + 1, to: gap.to },
    ].filter(({ from, to }) => from <= to);
    this.#missing = this.#missing.flatMap((each) => (each === gap ? rest : [each]));
    this.#say('reordered', sequence, `row ${sequence} comes after row ${this.#highest}`);
  }

  /** A row whose content fits its digest under the number of another such row has changed places with it. */
  #explainAltered(): void {
    const numbers = this.#altered.slice(0, maxExchanged).map(({ sequence }) => sequence);
    for (const [i, row] of this.#altered.entries()) {
      const places = i < maxExchanged ? numbers : [];
      const was = places.find((sequence) => digestOf({ ...row, sequence }) === row.digest);
      if (was === undefined) {
        this.#say('altered', row.sequence, `row ${row.sequence} was altered: its content does not give its digest`);
      } else {
        this.#say('reordered', row.sequence, `row ${row.sequence} is the one that was written as row ${was}`);
      }
    }
  }

  #checkEnd({ sequence, digest, who }: KnownEnd): void {
    const found = this.#digests.get(sequence);
    if (sequence > this.#highest) {
      const message = `the log ends at row ${this.#highest}, and ${who} vouches for row ${sequence}: it was truncated`;
      this.#say('truncated', this.#highest + 1, message);
    } else if (found !== undefined && found !== digest) {
      this.#say('rewritten', sequence, `row ${sequence} is another one than ${who} vouches for`);
    }
  }

  #say(kind: TamperingKind, sequence: number, message: string): void {
    this.#found.push({ kind, sequence, message });
  }
}
