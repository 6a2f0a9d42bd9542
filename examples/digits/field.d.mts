import type { Digits } from './digits.mjs';

export function frameOf(digits: Digits, number: number): { readonly image: Float32Array; readonly label: number | null };
