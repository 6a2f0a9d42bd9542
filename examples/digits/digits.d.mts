export const ROWS: 28;
export const COLUMNS: 28;
export const PIXELS: 784;

/** Images and their labels: `pixels` holds `count` images of 784 bytes, `labels` their `count` digits. */
export interface Digits {
  readonly name: string;
  readonly count: number;
  readonly sha256: string;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export function packDigits(digits: Pick<Digits, 'name' | 'pixels' | 'labels'>): Buffer;
export function encodeDigits(digits: Pick<Digits, 'name' | 'pixels' | 'labels'>): Buffer;
export function decodeDigits(bytes: Uint8Array): Digits;
export function readSplit(name: 'benchmark' | 'stream'): Digits;
export function imageOf(digits: Digits, index: number): Float32Array;
export function digitOf(logits: ArrayLike<number>, offset?: number): number;
