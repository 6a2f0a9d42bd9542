/** Colours that stay apart for people who see red and green alike (Okabe–Ito), legible on light and dark. */
const palette = ['#0f8a6d', '#d9822b', '#3d7dd8', '#b0518f', '#8a8f1f', '#5a6acf'] as const;

/** One colour per release: by its place among all releases in order of their names, so that it does not change while rolling out. */
export function releaseColour(release: string, all: Iterable<string>): string {
  const place = [...new Set([...all, release])].sort(byNameAndNumber).indexOf(release);
  return palette[place % palette.length] ?? palette[0];
}

function byNameAndNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
