import { maxShare } from '@bellwether/shared/contract/evidence-window';
import { type ArmCount, type SlowCell, slowCellsAt } from '@bellwether/shared/evidence/counters';

/** The cells of slow calls that a device measures at such a step, none of its calls slow. `share` as in an order. */
export function quietCells(mode: string, share: number): Partial<Record<SlowCell, ArmCount>> {
  const cells = mode === 'split' ? slowCellsAt(share / maxShare) : [];
  return Object.fromEntries(cells.map((cell) => [cell, { stable: 0, canary: 0 }]));
}
