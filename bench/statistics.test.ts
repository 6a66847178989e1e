/** @file Medians, ratios of the same round, and the exponent of a power that is known. */
import { expect, it } from "vitest";
import { exponentOf, ratios, spread } from "./statistics.ts";

it("gives medians with the lowest and the highest", () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
  expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, low: 1, high: 4 });
});

it("compares times of the same round", () => {
  // A machine that gets slower from round to round changes no ratio.
  expect(ratios([2, 4, 8], [1, 2, 4])).toEqual({ median: 2, low: 2, high: 2 });
});

it("finds the exponent of a power, without error", () => {
  const { value, error, factor } = exponentOf([1, 2, 4, 8].map((x) => ({ x, t: 5 * x ** 1.5 })));
  expect(value).toBeCloseTo(1.5, 12);
  expect(factor).toBeCloseTo(5, 12);
  expect(error).toBeCloseTo(0, 12);
});

it("says how far points are from any power", () => {
  // Logarithms to the base of e: x 0, 1, 2 and t 0, 3, 0. The slope is 0, residuals are -1, 2, -1: √(6 / 1 / 2).
  const { value, error } = exponentOf(
    [0, 1, 2].map((x, i) => ({ x: Math.exp(x), t: Math.exp([0, 3, 0][i] ?? 0) })),
  );
  expect(value).toBeCloseTo(0, 12);
  expect(error).toBeCloseTo(Math.sqrt(3), 12);
  expect(exponentOf([1, 2].map((x) => ({ x, t: x }))).error).toBeNaN();
});
