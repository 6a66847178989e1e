/** @file The transforms of F(4 x 4, 3 x 3): sixteen exact results of a convolution, and weights where they are read. */
import { expect, it } from "vitest";
import { normal } from "../random/normal.ts";
import {
  bothSides,
  INPUT_TRANSFORM,
  OUTPUT_TRANSFORM,
  PANEL,
  POINTS,
  TILE,
  transformedWeights,
  WEIGHT_TRANSFORM,
} from "./winograd.ts";

function direct(d: ArrayLike<number>, g: ArrayLike<number>): number[] {
  return Array.from({ length: TILE ** 2 }, (_, i) => {
    const first = Math.floor(i / TILE) * POINTS + (i % TILE);
    let sum = 0;
    for (let k = 0; k < 9; k++) sum += d[first + Math.floor(k / 3) * POINTS + (k % 3)]! * g[k]!;
    return sum;
  });
}

it("gives what a convolution gives", () => {
  const [d, g] = [normal(1, POINTS ** 2), normal(2, 9)];
  const [v, u] = [bothSides(INPUT_TRANSFORM, d, POINTS), bothSides(WEIGHT_TRANSFORM, g, 3)];
  const y = bothSides(
    OUTPUT_TRANSFORM,
    v.map((x, i) => x * u[i]!),
    POINTS,
  );
  // float64 through numbers of up to some tens.
  direct(d, g).forEach((wanted, i) => expect(y[i]).toBeCloseTo(wanted, 12));
});

it("has inputs' and outputs' transforms that float32 holds exactly", () => {
  for (const number of [...INPUT_TRANSFORM, ...OUTPUT_TRANSFORM].flat()) {
    expect(Math.fround(number)).toBe(number);
  }
});

it("puts weights in panels of eight output channels", () => {
  const [outputs, inputs] = [2 * PANEL, 3];
  const weights = normal(3, outputs * inputs * 9);
  const transformed = transformedWeights(weights, outputs, inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const first = (o * inputs + i) * 9;
      const points = bothSides(WEIGHT_TRANSFORM, weights.slice(first, first + 9), 3);
      const panel = Math.floor(o / PANEL) * POINTS ** 2;
      points.forEach((wanted, point) => {
        const at = ((panel + point) * inputs + i) * PANEL + (o % PANEL);
        expect(transformed[at]).toBe(Math.fround(wanted));
      });
    }
  }
  expect(() => transformedWeights(weights, 6, 8)).toThrow(RangeError);
});
