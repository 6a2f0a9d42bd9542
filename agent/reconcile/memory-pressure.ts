/** So many looks in a row below the floor, so that a short peak of somebody else does not cost the canary. */
const looksToGo = 3;
/** Below this part of the floor there is no time for another look: the kernel is about to choose for itself. */
const urgentPart = 0.5;

/** One look at the memory of the whole device, while a canary runs beside stable. */
export interface MemoryLook {
  readonly availableBytes: number;
  /** Below it memory is low; 0: never. */
  readonly floorBytes: number;
  /** Looks before this one, in a row, that found it low. */
  readonly lowLooks: number;
}

/** How many looks in a row have found memory low by now, and why a canary must go; `why` is undefined while none must. */
export interface MemoryAnswer {
  readonly lowLooks: number;
  readonly why: string | undefined;
}

/**
 * Whether the device must give a canary up, which is the one thing on it that nobody needs: better by its own choice
 * than by the kernel's. It comes back only where twice its budget fits above the floor, so that it does not go to and fro.
 */
export function afterLook({ availableBytes, floorBytes, lowLooks: before }: MemoryLook): MemoryAnswer {
  if (availableBytes >= floorBytes) return { lowLooks: 0, why: undefined };
  const lowLooks = before + 1;
  if (lowLooks < looksToGo && availableBytes >= urgentPart * floorBytes) return { lowLooks, why: undefined };
  const why = `${megabytes(availableBytes)} MB of the device’s memory were available, ${megabytes(floorBytes)} MB must stay`;
  return { lowLooks: 0, why };
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
