import { compareReleases } from './served-releases.js';

/** Colours that stay apart for people who see red and green alike (after Okabe and Ito), 3:1 on light and dark cards (WCAG 1.4.11). */
const palette = ['#0f8a6d', '#c8741a', '#3d7dd8', '#b0518f', '#858a1f', '#6674d9'] as const;

/** One colour per release, by its place among all in order of their names: it does not change while a rollout goes on. */
export function releaseColours(releases: Iterable<string>): ReadonlyMap<string, string> {
  const sorted = [...new Set(releases)].sort(compareReleases);
  return new Map(sorted.map((release, place) => [release, palette[place % palette.length] ?? palette[0]]));
}
