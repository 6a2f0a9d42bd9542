/** Sequences one after the other, both ends included. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

/** The ranges that these make, ascending and apart. */
export function rangesOf(sequences: readonly number[]): readonly SequenceRange[] {
  const ranges: SequenceRange[] = [];
  for (const sequence of sequences.toSorted((a, b) => a - b)) {
    const before = ranges.at(-1);
    if (before === undefined || sequence > before.last + 1) ranges.push({ first: sequence, last: sequence });
    else ranges[ranges.length - 1] = { first: before.first, last: Math.max(before.last, sequence) };
  }
  return ranges;
}

/** One range of this one and those that it touches: the nearest that begins before it, and the last that begins within or right behind it. */
export function joined(range: SequenceRange, touching: readonly (SequenceRange | undefined)[]): SequenceRange {
  let { first, last } = range;
  for (const other of touching) {
    if (other === undefined || other.last < first - 1 || other.first > last + 1) continue;
    first = Math.min(first, other.first);
    last = Math.max(last, other.last);
  }
  return { first, last };
}
