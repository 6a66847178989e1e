/** @file The colour scale is ordered for every eye, and what is laid over a picture is where the map says. */
import { describe, expect, it } from "vitest";
import { heatColour, highestHeat, overlayHeat, paintHeat } from "./heat-colours.ts";

/** CIE lightness L* of an sRGB colour. */
function lightness(colour: readonly number[]): number {
  const linear = colour.map((x) => {
    const c = x / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

const steps = Array.from({ length: 21 }, (_, i) => lightness(heatColour(i / 20)));

describe("the colour scale", () => {
  it("gets lighter with the value, in steps that look alike", () => {
    const rises = steps.slice(1).map((value, i) => value - steps[i]!);
    expect(steps[0]).toBeLessThan(20);
    expect(steps.at(-1)).toBeGreaterThan(88);
    const mean = rises.reduce((sum, rise) => sum + rise, 0) / rises.length;
    for (const rise of rises) expect(Math.abs(rise / mean - 1)).toBeLessThan(0.35);
  });

  it("holds at its ends", () => {
    expect(heatColour(-1)).toEqual([68, 1, 84]);
    expect(heatColour(7)).toEqual([253, 231, 37]);
    expect(heatColour(0 / 0)).toEqual([68, 1, 84]);
  });
});

describe("a map", () => {
  it("is painted from nothing to its own largest value", () => {
    const heat = Float32Array.of(0, 0.02, 0.04);
    expect(highestHeat(heat)).toBeCloseTo(0.04);
    const rgba = [...paintHeat(heat)];
    expect(rgba).toEqual([68, 1, 84, 255, 33, 144, 140, 255, 253, 231, 37, 255]);
    expect([...paintHeat(Float32Array.of(0, 0))].slice(0, 3)).toEqual([68, 1, 84]);
  });

  it("lies over the picture where it belongs, as opaque as it is asked to", () => {
    const picture = { width: 4, height: 4, data: new Uint8ClampedArray(48).fill(100) };
    // Hot at the top right.
    const map = { width: 2, height: 2, data: Float32Array.of(0, 1, 0, 0) };
    const at = (opacity: number, x: number, y: number): number[] => [
      ...overlayHeat(picture, map, opacity).data.slice(3 * (4 * y + x), 3 * (4 * y + x) + 3),
    ];
    expect(at(1, 3, 0)).toEqual([253, 231, 37]);
    expect(at(1, 0, 3)).toEqual([68, 1, 84]);
    expect(at(0, 3, 0)).toEqual([100, 100, 100]);
    expect(at(0.5, 3, 0)).toEqual([176, 166, 68]);
  });
});
