import type { Manifest } from './manifest.js';

/** True when a model keeps state between the calls of a key: an output of one is an input of the next. */
export function hasState(inputs: Manifest['inputs']): boolean {
  return inputs.some(({ role }) => role === 'state');
}
