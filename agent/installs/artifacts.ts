import type { MeasuredFile } from './admission.js';

/** A blob to be fetched, with its signed size and digest. `kind` makes the refusal's code: `manifest-digest`, `blob-size` … */
export interface WantedBlob {
  readonly kind: 'manifest' | 'blob';
  readonly sha256: string;
  readonly bytes: number;
}

/** Where artefacts come from. Nothing that comes is trusted: it counts by its digest. */
export interface Artifacts {
  /**
   * Brings one blob into the blob folder, durable when this resolves, with what was measured on its way; goes on where
   * an earlier download stopped. `onBytes` is told how many bytes are there. Throws AdmissionRefusal `…-size`,
   * `…-digest`, `disk` or `network`, and the signal's reason when it aborts.
   */
  fetch(blob: WantedBlob, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<MeasuredFile>;
}
