import { describe, expect, it } from 'vitest';
import { releaseColours } from '@bellwether/control-plane/console/release-colour';

describe("a release's colour", () => {
  it('does not depend on the order in which releases are named', () => {
    const one = releaseColours(['digits@1.0.0', 'digits@1.1.0', 'vad@5.0.0']);
    const other = releaseColours(['vad@5.0.0', 'digits@1.1.0', 'digits@1.0.0', 'digits@1.0.0']);
    expect(other).toEqual(one);
  });

  it('differs between a release and the next, and stays when a newer one comes', () => {
    const before = releaseColours(['digits@1.9.0', 'digits@1.10.0']);
    const after = releaseColours(['digits@1.9.0', 'digits@1.10.0', 'digits@1.11.0']);
    expect(new Set(after.values()).size).toBe(3);
    for (const [release, colour] of before) expect(after.get(release)).toBe(colour);
  });

  it('is there for more releases than colours', () => {
    const many = Array.from({ length: 20 }, (_, minor) => `digits@1.${minor}.0`);
    const colours = many.map((release) => releaseColours(many).get(release));
    for (const [i, colour] of colours.entries()) expect(colour).not.toBe(colours[i + 1]);
  });

  it.each(['#ffffff', '#1b221f'])('has 3:1 on a card of %s (WCAG 1.4.11)', (card) => {
    const many = Array.from({ length: 20 }, (_, minor) => `digits@1.${minor}.0`);
    const faint = [...releaseColours(many).values()].filter((colour) => contrast(colour, card) < 3);
    expect(faint).toEqual([]);
  });
});

/** Contrast ratio (WCAG 2.2, relative luminance) of two colours, `#rrggbb`. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
