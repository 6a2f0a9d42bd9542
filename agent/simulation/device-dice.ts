import { createHash } from 'node:crypto';
import { seededDice } from '@bellwether/shared/seeded-dice';

/** Dice for one use of one device: what becomes of its traffic must not depend on what else was drawn meanwhile. */
export type DeviceDice = (use: string) => () => number;

/**
 * The dice of the device with this number. With a seed each use has a sequence of its own, the same in every run:
 * arrivals of calls, the answers of each release, mishaps. Without one they fall as they fall.
 */
export function deviceDice(seed: number | undefined, number: number, random: () => number): DeviceDice {
  if (seed === undefined) return () => random;
  return (use) => seededDice(createHash('sha256').update(`${seed} ${number} ${use}`).digest().readUInt32LE());
}
