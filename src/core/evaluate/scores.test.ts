/** @file Alignment scores on vectors whose cosines are known. */
import { describe, expect, it } from "vitest";
import { imageAlignment, selfAlignment, textAlignment } from "./scores.ts";

const x = Float32Array.of(1, 0);
const y = Float32Array.of(0, 2);
/** cos(x, d) = .6, cos(y, d) = .8, and not of length 1. */
const d = Float32Array.of(3, 4);
const minusX = Float32Array.of(-0.5, 0);

/** Sums of three numbers in float64: a few units in the last place. */
const DIGITS = 14;

describe("image alignment", () => {
  it("is the mean over all pairs, whatever the vectors' lengths", () => {
    const { value, pairs, deviation } = imageAlignment([x, y], [x, d]);
    // Cosines 1, .6, 0, .8.
    expect(pairs).toBe(4);
    expect(value).toBeCloseTo(0.6, DIGITS);
    expect(deviation).toBeCloseTo(Math.sqrt((0.16 + 0 + 0.36 + 0.04) / 4), DIGITS);
  });

  it("needs pictures and photos of one size", () => {
    expect(() => imageAlignment([], [x])).toThrow("nothing to compare");
    expect(() => imageAlignment([x], [])).toThrow("nothing to compare");
    expect(() => imageAlignment([x], [Float32Array.of(1, 2, 3)])).toThrow("2 and 3 numbers");
  });
});

describe("self alignment", () => {
  it("leaves out each photo beside itself", () => {
    const { value, pairs } = selfAlignment([x, y, d]);
    // Cosines 0, .6, .8.
    expect(pairs).toBe(3);
    expect(value).toBeCloseTo(1.4 / 3, DIGITS);
  });

  it("needs two photos", () => {
    expect(() => selfAlignment([x])).toThrow("nothing to compare");
  });
});

describe("text alignment", () => {
  it("compares each picture with its own caption; CLIPScore counts what points away as 0", () => {
    const { value, pairs, clipScore, deviation } = textAlignment([x, x], [d, minusX]);
    // Cosines .6, -1.
    expect(pairs).toBe(2);
    expect(value).toBeCloseTo(-0.2, DIGITS);
    expect(deviation).toBeCloseTo(0.8, DIGITS);
    expect(clipScore).toBeCloseTo((2.5 * 0.6) / 2, DIGITS);
  });

  it("needs one caption a picture", () => {
    expect(() => textAlignment([x, y], [d])).toThrow("2 pictures have 1 captions");
    expect(() => textAlignment([], [])).toThrow("nothing to compare");
  });
});
