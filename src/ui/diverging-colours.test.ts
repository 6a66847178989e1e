/** @file The diverging map is symmetric in sign, clamps, and is monotone in lightness on each side. */
import { describe, expect, it } from "vitest";
import { divergingColour, divergingGradient, paintDiverging } from "./diverging-colours.ts";

const lightness = ([red, green, blue]: readonly [number, number, number]): number =>
  0.2126 * red + 0.7152 * green + 0.0722 * blue;

describe("divergingColour", () => {
  it("is a neutral grey at zero, blue below and red above", () => {
    expect(divergingColour(0, 3)).toEqual([242, 242, 242]);
    const [redBelow, , blueBelow] = divergingColour(-2, 3);
    const [redAbove, , blueAbove] = divergingColour(2, 3);
    expect(blueBelow).toBeGreaterThan(redBelow);
    expect(redAbove).toBeGreaterThan(blueAbove);
  });

  it("gets darker with distance from zero, on both sides", () => {
    for (const sign of [-1, 1]) {
      const along = [0, 0.2, 0.4, 0.6, 0.8, 1].map((x) => lightness(divergingColour(sign * x, 1)));
      expect(along).toEqual([...along].sort((a, b) => b - a));
      expect(new Set(along).size).toBe(along.length);
    }
  });

  it("gives what lies outside the scale the colour of its end", () => {
    expect(divergingColour(9, 3)).toEqual(divergingColour(3, 3));
    expect(divergingColour(-Infinity, 3)).toEqual(divergingColour(-3, 3));
  });

  it("takes a scale without extent, and a value that is no number, for zero", () => {
    expect(divergingColour(0, 0)).toEqual([242, 242, 242]);
    expect(divergingColour(NaN, 1)).toEqual([242, 242, 242]);
  });
});

describe("paintDiverging", () => {
  it("writes opaque pixels in the order of the values", () => {
    const pixels = paintDiverging(Float32Array.of(-1, 0, 1), 1);
    expect([...pixels.slice(4, 8)]).toEqual([242, 242, 242, 255]);
    expect([...pixels.slice(8, 12)]).toEqual([...divergingColour(1, 1), 255]);
  });
});

describe("divergingGradient", () => {
  it("runs over the same stops", () => {
    expect(divergingGradient).toContain("rgb(242 242 242)");
    expect(divergingGradient.match(/rgb/g)).toHaveLength(7);
  });
});
