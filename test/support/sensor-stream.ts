import type { WatchedRow } from './drift-watch.js';

/** What can go wrong with an array of sensors; 'none' is how it was when the reference was taken. */
export const sensorFaults = ['none', 'gain', 'offset', 'ageing', 'stuck', 'class-mix'] as const;
export type SensorFault = (typeof sensorFaults)[number];

const sensors = 16;
const kinds = 4;

/** Something with four classes before 16 sensors of which each answers them differently, with noise; the same for the same dice. */
export class SensorStream {
  readonly #dice: () => number;
  /** What each sensor answers to each class. */
  readonly #answers: readonly (readonly number[])[];

  constructor(dice: () => number) {
    this.#dice = dice;
    this.#answers = Array.from({ length: sensors }, () => Array.from({ length: kinds }, () => 1 + 3 * dice()));
  }

  /** Rows with a fault: `gain` and `offset` strike half of the sensors, `ageing` all of them row by row, `stuck` one. */
  rows(count: number, fault: SensorFault = 'none'): readonly WatchedRow[] {
    return Array.from({ length: count }, (_, row) => {
      const draw = this.#dice();
      const kind = Math.floor((fault === 'class-mix' ? draw ** 2 : draw) * kinds);
      const values = this.#answers.map((answers, sensor) => {
        const value = (answers[kind] ?? 0) + 0.2 * this.#normal();
        return faulty(value, fault, { sensor, row });
      });
      return { values };
    });
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#dice())) * Math.cos(2 * Math.PI * this.#dice());
  }
}

function faulty(
  value: number,
  fault: SensorFault,
  { sensor, row }: { readonly sensor: number; readonly row: number },
): number {
  switch (fault) {
    case 'none':
    case 'class-mix':
      return value;
    case 'gain':
      return sensor % 2 === 0 ? value * 1.2 : value;
    case 'offset':
      return sensor % 2 === 0 ? value + 0.5 : value;
    case 'ageing':
      return value * (1 - 0.25 * Math.min(1, row / 2000));
    case 'stuck':
      return sensor === 3 ? 2.5 : value;
  }
}
