import type { MutantRandom } from './mutant-random.js';

/** Edits of a document's structure, before somebody signs it: blind ones, anywhere in the tree. */

/** A value in the tree, by its container and its key or index. */
interface Place {
  readonly container: Record<string, unknown>;
  readonly key: string;
}

const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  -1,
  33,
  1.5,
  2 ** 53,
  2 ** 53 - 1,
  1e300,
  '',
  '1',
  'x'.repeat(5000),
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  'ab'.repeat(32),
  '2001-01-01T00:00:00Z',
  '9999-99-99T99:99:99Z',
  [],
  {},
  [[]],
  { __proto__: null, constructor: { prototype: 1 } },
];

/** Changes one place of a JSON value, in place. Returns what it did, for the log. */
export function editAnywhere(root: Record<string, unknown>, random: MutantRandom): string {
  const places = placesIn(root);
  const place = random.pick(places);
  const { container, key } = place;
  const what = random.below(7);
  if (what === 0) return removed(place);
  if (what === 1) {
    container[key] = structuredClone(random.pick(oddValues));
    return `odd value at ${key}`;
  }
  if (what === 2) return renamed(place, random);
  if (what === 3) {
    const other = random.pick(places);
    container[key] = structuredClone(other.container[other.key]);
    return `${other.key} copied to ${key}`;
  }
  if (what === 4) return shifted(place, random);
  if (what === 5) return retyped(place);
  return doubled(place);
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const container = value as Record<string, unknown>;
  return Object.keys(container).flatMap((key) => [{ container, key }, ...placesIn(container[key])]);
}

function removed({ container, key }: Place): string {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else Reflect.deleteProperty(container, key);
  return `${key} removed`;
}

function renamed({ container, key }: Place, random: MutantRandom): string {
  const name = random.pick([key.toUpperCase(), `${key} `, `x-${key}`, key.slice(1), 'constructor', 'toString']);
  container[name] = container[key];
  if (random.chance(0.5)) Reflect.deleteProperty(container, key);
  return `${key} as ${name}`;
}

function shifted({ container, key }: Place, random: MutantRandom): string {
  const value = container[key];
  if (typeof value === 'number') container[key] = value + random.pick([-1, 1, 10, 1e6, 0.5]);
  else if (typeof value === 'string') container[key] = changedText(value, random);
  else if (Array.isArray(value)) value.reverse();
  return `${key} shifted`;
}

function changedText(text: string, random: MutantRandom): string {
  const at = random.below(text.length + 1);
  const letter = random.pick(['0', 'a', 'A', ' ', '/', '*', '\u200b', 'é']);
  return random.chance(0.5)
    ? `${text.slice(0, at)}${letter}${text.slice(at + 1)}`
    : `${text.slice(0, at)}${text.slice(at + 1)}`;
}

function retyped({ container, key }: Place): string {
  const value = container[key];
  if (typeof value === 'number') container[key] = String(value);
  else if (typeof value === 'string') container[key] = /^\d+$/.test(value) ? Number(value) : [value];
  else if (Array.isArray(value)) container[key] = Object.fromEntries(value.entries());
  else container[key] = [value];
  return `${key} of another type`;
}

function doubled({ container, key }: Place): string {
  const value = container[key];
  if (Array.isArray(value)) value.push(...(structuredClone(value) as unknown[]));
  else container[`${key}-2`] = structuredClone(value);
  return `${key} doubled`;
}
