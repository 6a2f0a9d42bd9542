/** A device of a stratum that has a say, or may have one. */
interface Voice {
  /** It could answer calls and has had none for a whole epoch. */
  readonly isIdle: boolean;
  /** It has shown something in this step. */
  readonly isHeard: boolean;
}

/** No device gives more than this part of what a step needs, unless there are too few of them. */
const maxPart = 0.2;
/** So many devices of a stratum decide without those that have no calls [docs/decisions/0014]. */
const fewestVoices = 2;

/**
 * How many devices of a stratum decide: those that are not idle; where they are fewer than two, those that have shown
 * anything too; and all of them where even these are not two, since no device decides alone among several.
 */
export function voicesOf(devices: readonly Voice[]): number {
  const busy = devices.filter(({ isIdle }) => !isIdle).length;
  const heard = devices.filter(({ isIdle, isHeard }) => !isIdle || isHeard).length;
  return [busy, heard].find((count) => count >= fewestVoices) ?? devices.length;
}

/** The part of what is needed that one of them gives at most, so that no liar passes a release alone. */
export function mostOfOne(devices: readonly Voice[]): number {
  // A little more than a fifth: five that give their fifth have given the whole, whatever the last digit says.
  return Math.max(maxPart, 1 / Math.max(1, voicesOf(devices))) * (1 + 1e-12);
}

/** True when what these devices did may be taken for what they will do: it is not one alone that has calls. */
export function areEnough(devices: readonly Voice[]): boolean {
  return devices.filter(({ isHeard }) => isHeard).length >= Math.min(fewestVoices, devices.length);
}
