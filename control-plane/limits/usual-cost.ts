/**
 * What something costs that is done again and again: the middle one of its last three times. One that took long once may have
 * met a machine that stood still, and says nothing of the next.
 */
export class UsualCost {
  #last: readonly [number, number] = [0, 0];

  /** How long it took just now; answers what it costs by that, in the same unit. */
  took(time: number): number {
    const [first, second] = this.#last;
    this.#last = [second, time];
    return Math.max(Math.min(first, second), Math.min(Math.max(first, second), time));
  }
}
