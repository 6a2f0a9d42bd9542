import type { DeviceView } from '@bellwether/control-plane/http/operator-api';

/** What a person has decided about a device, whatever rollouts say. */
export type Hold = DeviceView['holds'][number];

/** A hold in a few words: `pinned to digits@1.0.0`. */
export function holdText({ kind, release }: Pick<Hold, 'kind' | 'release'>): string {
  return release === null ? kind : `${kind} to ${release}`;
}

/** The model of a release, `digits` of `digits@1.0.0`. */
export function modelOf(release: string): string {
  return release.slice(0, release.indexOf('@'));
}

/** What a device was last ordered to serve: `digits@1.0.0, vad@2.0.0`. */
export function orderedText({ ordered }: Pick<DeviceView, 'ordered'>): string {
  const models = Object.entries(ordered?.models ?? {}).map(([model, version]) => `${model}@${version}`);
  return models.length === 0 ? 'no model' : models.join(', ');
}
