import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { InputTensor, OutputTensor } from '@bellwether/shared/models/manifest';
import { floats, integers, writeReleaseFolder } from './release-folder.js';

/**
 * Silero VAD, real models for tests and benches (MIT, carried by npm `@ricky0123/vad-web`). 5.0.0 and 6.0.0 have the
 * same tensors and other weights: a genuine upgrade. 4.0.0 takes other frames and other state: no update of them.
 */
export type SileroVersion = '4.0.0' | '5.0.0' | '6.0.0';

/** Samples of one call at 16 kHz: v5 and v6 see 64 samples of the frame before, then 512; v4 sees 1536. */
export const sileroFrame = { '4.0.0': 1536, '5.0.0': 576, '6.0.0': 576 } as const;

const files = { '4.0.0': 'legacy', '5.0.0': 'v5', '6.0.0': 'v6' } as const;
const sampleRate = 16_000;

/** The bytes of one version's model. */
export function readSilero(version: SileroVersion): Promise<Buffer<ArrayBuffer>> {
  const entry = createRequire(import.meta.url).resolve('@ricky0123/vad-web');
  return readFile(join(dirname(entry), `silero_vad_${files[version]}.onnx`));
}

/** Writes the release folder of `silero-vad@version`, golden vectors from running it; returns the folder. */
export async function writeSileroRelease(folder: string, version: SileroVersion): Promise<string> {
  const frame = sileroFrame[version];
  const rate = integers([], [BigInt(sampleRate)]);
  const sounds = [silence, vowel, vowel, noise];
  return writeReleaseFolder(folder, {
    model: 'silero-vad',
    version,
    graph: await readSilero(version),
    ...tensorsOf(version),
    vectors: sounds.map((sound, i) => ({ input: floats([1, frame], sileroSound(sound, frame, i)), sr: rate })),
    overrides: {
      description: `Silero voice activity detector, version ${version}`,
      interpretation: { output: 'output', kind: 'binary', axis: -1, labels: ['noise', 'speech'] },
    },
  });
}

/** Frame `index` of a sound, -1…1. */
export function sileroSound(sound: (sample: number) => number, frame: number, index: number): Float32Array {
  return Float32Array.from({ length: frame }, (_, i) => sound(index * frame + i));
}

export function silence(): number {
  return 0;
}

/** A voice-like sound: a 120 Hz pulse train's harmonics, strongest around the formants of an "a". */
export function vowel(sample: number): number {
  let sum = 0;
  for (let harmonic = 1; harmonic <= 30; harmonic++) {
    const hertz = harmonic * 120;
    const gain = [700, 1200, 2600].reduce(
      (best, formant) => Math.max(best, Math.exp(-(((hertz - formant) / 150) ** 2))),
      0.02,
    );
    sum += gain * Math.sin((2 * Math.PI * hertz * sample) / sampleRate);
  }
  return sum * 0.1;
}

/** White noise that is the same for the same sample. */
export function noise(sample: number): number {
  let state = Math.imul(sample + 1, 0x9e3779b1);
  state = Math.imul(state ^ (state >>> 15), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (((state ^ (state >>> 16)) >>> 0) / 4_294_967_296 - 0.5) * 0.2;
}

function tensorsOf(version: SileroVersion): { inputs: InputTensor[]; outputs: OutputTensor[] } {
  const states: [string, string, number[]][] =
    version === '4.0.0'
      ? [
          ['h', 'hn', [2, 1, 64]],
          ['c', 'cn', [2, 1, 64]],
        ]
      : [['state', 'stateN', [2, 1, 128]]];
  return {
    inputs: [
      { name: 'input', dtype: 'FP32', shape: [1, sileroFrame[version]], role: 'app' },
      { name: 'sr', dtype: 'INT64', shape: [], role: 'app' },
      ...states.map(([name, from, shape]) => ({ name, dtype: 'FP32' as const, shape, role: 'state' as const, from })),
    ],
    outputs: [
      { name: 'output', dtype: 'FP32', shape: [1, 1], role: 'app' },
      ...states.map(([, name, shape]) => ({ name, dtype: 'FP32' as const, shape, role: 'state' as const })),
    ],
  };
}
