import type { ArmTotals } from '@bellwether/control-plane/http/rollout-api';

/** Of what a cell's counts are a part: labelled calls, or all; null: deaths are counted by themselves. */
export function callsOf(arm: ArmTotals, cell: string): number | null {
  if (cell === 'death') return null;
  return cell === 'wrong' ? arm.labelled : arm.calls;
}

/** A cell's part of the calls; null where there are none. */
export function rateOf(arm: ArmTotals, cell: string): number | null {
  const calls = callsOf(arm, cell);
  return calls === null || calls === 0 ? null : (arm.bad[cell] ?? 0) / calls;
}

/** How the canary's rate compares with stable's, in words: `12.3 ×`, `canary only`; a dash where there is nothing to compare. */
export function comparisonText(stable: ArmTotals, canary: ArmTotals, cell: string): string {
  const [before, after] = [rateOf(stable, cell), rateOf(canary, cell)];
  if (before === null || after === null || (before === 0 && after === 0)) return '–';
  if (before === 0) return 'canary only';
  const ratio = after / before;
  return `${ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(1)} ×`;
}
