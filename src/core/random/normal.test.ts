/** @file Seeded normal numbers: the same for a seed, different for another, and distributed as they should be. */
import { expect, it } from "vitest";
import { normal } from "./normal.ts";

it("repeats for a seed, also in part, and differs between seeds", () => {
  expect(normal(7, 1001)).toEqual(normal(7, 1001));
  expect(normal(7, 1000)).toEqual(normal(7, 1001).subarray(0, 1000));
  expect(normal(7, 100)).not.toEqual(normal(8, 100));
});

it("has the moments of the standard normal distribution", () => {
  const count = 200_000;
  const x = normal(1, count);
  const moment = (power: number): number => x.reduce((sum, v) => sum + v ** power, 0) / count;
  // Four standard errors of the sample moments: sqrt(var / count) with var 1, 2, 15 and 96.
  const within = (variance: number): number => 4 * Math.sqrt(variance / count);
  expect(Math.abs(moment(1))).toBeLessThan(within(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(within(2));
  expect(Math.abs(moment(3))).toBeLessThan(within(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(within(96));
  expect(x.every(Number.isFinite)).toBe(true);
});

it("begins like any other of its numbers for small seeds, which people choose", () => {
  const seeds = 2000;
  const first = Array.from({ length: seeds }, (_, seed) => normal(seed, 2)).flatMap((x) => [...x]);
  const mean = first.reduce((sum, x) => sum + x, 0) / first.length;
  const square = first.reduce((sum, x) => sum + x * x, 0) / first.length;
  expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / first.length));
  expect(Math.abs(square - 1)).toBeLessThan(4 * Math.sqrt(2 / first.length));
});
