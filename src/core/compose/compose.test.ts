/** @file Composition step by step: the exact solver against a brute force, guidance as the special case, regions, refusals. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guide } from "../diffusion/guidance.ts";
import { combine } from "./combine.ts";
import { minNormWeights, squaredNorm } from "./min-norm.ts";
import { checkWeighting, type Weighting } from "./weighting.ts";

function gramOf(vectors: readonly (readonly number[])[]): Float64Array {
  const inner = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  return Float64Array.from(vectors.flatMap((a) => vectors.map((b) => inner(a, b))));
}

const coordinate = fc.double({ min: -10, max: 10, noNaN: true });
const vectors = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }))
  .chain(([n, d]) =>
    fc.array(fc.array(coordinate, { minLength: d, maxLength: d }), { minLength: n, maxLength: n }),
  );

describe("the point of least norm", () => {
  it.each([
    ["one vector", [[3, 4]], [1]],
    [
      "orthogonal ones of lengths 1 and 2",
      [
        [1, 0],
        [0, 2],
      ],
      [0.8, 0.2],
    ],
    [
      "opposite ones",
      [
        [1, 0],
        [-3, 0],
      ],
      [0.75, 0.25],
    ],
    [
      "one that is the nearest by itself",
      [
        [1, 0],
        [5, 1],
      ],
      [1, 0],
    ],
    [
      "the same twice",
      [
        [1, 2],
        [1, 2],
      ],
      null,
    ],
    [
      "nothing at all",
      [
        [0, 0],
        [0, 0],
      ],
      null,
    ],
  ] as const)("of %s", (_, given, expected) => {
    const weights = minNormWeights(gramOf(given), given.length);
    expect([...weights].reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
    expected?.forEach((weight, i) => expect(weights[i]).toBeCloseTo(weight, 12));
  });

  it("serves every vector: g_i · d ≥ ‖d‖², which holds at the minimum and nowhere else", () => {
    fc.assert(
      fc.property(vectors, (given) => {
        const n = given.length;
        const gram = gramOf(given);
        const weights = minNormWeights(gram, n);
        const least = squaredNorm(weights, gram);
        const scale = Math.max(...gram.map(Math.abs), 1e-300);
        for (let i = 0; i < n; i++) {
          let along = 0;
          for (let j = 0; j < n; j++) along += weights[j]! * gram[i * n + j]!;
          // Rounding of a small system that may be close to singular.
          expect(along).toBeGreaterThanOrEqual(least - 1e-6 * scale);
        }
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});

const of = (...values: number[]): Float32Array => Float32Array.from(values);
const fixed = (...weights: number[]): Weighting => ({ kind: "fixed", weights });

describe("a combined prediction", () => {
  const [empty, a, b] = [of(0, 1, 2, 3), of(1, 1, 4, 2), of(-1, 2, 2, 5)];

  it("of one concept that has all the weight is guidance", () => {
    const { prediction } = combine(empty, [a, b], 3, fixed(1, 0));
    expect([...prediction]).toEqual([...guide(empty, a, 3)]);
  });

  it("of weights is their mean, whatever they add up to", () => {
    const { prediction, weights } = combine(empty, [a, b], 2, fixed(3, 1));
    expect([...weights!]).toEqual([0.75, 0.25]);
    expect([...prediction]).toEqual([1, 1.5, 5, 2.5]);
  });

  it("of regions is each concept's own where it was painted, and shared elsewhere", () => {
    const weighting: Weighting = { kind: "regions", masks: [of(1, 0), of(0, 0)] };
    // Two places, two channels.
    const { prediction } = combine(empty, [a, b], 1, weighting);
    expect([...prediction]).toEqual([1, 1.5, 4, 3.5]);
  });

  it("that is solved follows every concept, at the length they have", () => {
    const { prediction, weights } = combine(of(0, 0), [of(1, 0), of(0, 2)], 1, { kind: "solved" });
    expect([...weights!]).toEqual([0.8, 0.2].map((x) => expect.closeTo(x, 12) as number));
    // (0.8, 0.4), stretched from √0.8 to 0.8 · 1 + 0.2 · 2.
    const gain = 1.2 / Math.sqrt(0.8);
    expect([...prediction]).toEqual([0.8, 0.4].map((x) => expect.closeTo(x * gain, 5) as number));
  });

  it("that is solved for opposite concepts goes nowhere instead of far", () => {
    const { prediction } = combine(of(5, 5), [of(6, 5), of(4, 5)], 7, { kind: "solved" });
    expect([...prediction]).toEqual([5, 5]);
  });
});

describe("weights are refused", () => {
  it.each<[string, Weighting, number, RegExp]>([
    ["for one concept", { kind: "solved" }, 1, /at least two/],
    ["for more than the solver takes", { kind: "solved" }, 9, /At most 8/],
    ["that are too few", fixed(1), 2, /1 weights for 2/],
    ["that are negative", fixed(1, -1), 2, /not -1/],
    ["that are no numbers", fixed(1, NaN), 2, /not NaN/],
    ["that are all 0", fixed(0, 0), 2, /All weights are 0/],
    ["of masks of another size", { kind: "regions", masks: [of(1), of(1)] }, 2, /do not fit/],
    ["of masks beyond 1", { kind: "regions", masks: [of(2, 0), of(0, 1)] }, 2, /outside of 0 to 1/],
  ])("%s", (_, weighting, concepts, sentence) => {
    expect(() => checkWeighting(weighting, concepts, 2)).toThrow(sentence);
  });
});
