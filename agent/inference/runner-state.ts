import type { Manifest } from '@bellwether/shared/models/manifest';
import { byteCount } from '@bellwether/shared/models/tensor-values';
import type { Tensor } from './engine.js';

type Inputs = Manifest['inputs'];

/** Most keys whose state is kept, and most bytes of it; beyond that the key that was used longest ago begins again at zeros. */
const maxKeys = 1024;
const maxBytes = 64 * 1024 * 1024;

/** The state tensors of a model between calls, per key: zeros first, then what the last call put out. The empty key is no key: it keeps nothing, so that two apps never continue each other's state. */
export class RunnerState {
  readonly #inputs: readonly (Inputs[number] & { readonly role: 'state' })[];
  readonly #capacity: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, readonly Tensor[]>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs.filter((input) => input.role === 'state');
    const bytesPerKey = this.#inputs.reduce((sum, input) => sum + byteCount(input.dtype, input.shape), 0);
    this.#capacity = Math.max(1, Math.min(maxKeys, Math.floor(maxBytes / Math.max(1, bytesPerKey))));
  }

  /** Names of the outputs that become state. */
  get outputNames(): string[] {
    return this.#inputs.map((input) => input.from);
  }

  /** The state inputs of the next call under this key. */
  take(key: string, isReset: boolean): readonly Tensor[] {
    if (this.#inputs.length === 0) return [];
    return (isReset ? undefined : this.#kept.get(key)) ?? this.#inputs.map(zeros);
  }

  /** Keeps the state outputs of a call; `outputs` may hold others too. */
  keep(key: string, outputs: readonly Tensor[]): void {
    if (this.#inputs.length === 0 || key === '') return;
    const next = this.#inputs.flatMap((input) => {
      const output = outputs.find((each) => each.name === input.from);
      return output === undefined ? [] : [{ ...output, name: input.name }];
    });
    this.#kept.delete(key);
    this.#kept.set(key, next);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#capacity && oldest !== undefined) this.#kept.delete(oldest);
  }
}

function zeros({ name, dtype, shape }: Inputs[number]): Tensor {
  return { name, dtype, shape, data: new Uint8Array(byteCount(dtype, shape)) };
}
