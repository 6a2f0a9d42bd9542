/** The same things in another order (Fisher & Yates), the same for the same dice. */
export function shuffled<T>(things: readonly T[], dice: () => number): readonly T[] {
  const left = [...things];
  const drawn: T[] = [];
  while (left.length > 0) {
    const [one] = left.splice(Math.floor(dice() * left.length), 1);
    if (one !== undefined) drawn.push(one);
  }
  return drawn;
}
