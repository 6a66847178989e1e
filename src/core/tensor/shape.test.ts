/** @file Shape arithmetic, scalars and empty tensors included. */
import { describe, expect, it } from "vitest";
import { broadcastDims, elementCount, normalAxis, sameDims, stridesOf } from "./shape.ts";

it("counts elements", () => {
  expect(elementCount([])).toBe(1);
  expect(elementCount([2, 3, 4])).toBe(24);
  expect(elementCount([2, 0, 4])).toBe(0);
});

it("lays axes out row-major", () => {
  expect(stridesOf([])).toEqual([]);
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  expect(stridesOf([5, 1])).toEqual([1, 1]);
});

it("compares shapes by rank and size", () => {
  expect(sameDims([2, 3], [2, 3])).toBe(true);
  expect(sameDims([2, 3], [3, 2])).toBe(false);
  expect(sameDims([2], [2, 1])).toBe(false);
  expect(sameDims([], [])).toBe(true);
});

describe("normalAxis", () => {
  it.each([
    [0, 3, 0],
    [2, 3, 2],
    [-1, 3, 2],
    [-3, 3, 0],
    [0, 0, 0],
  ])("%i of rank %i is %i", (axis, rank, expected) => {
    expect(normalAxis(axis, rank)).toBe(expected);
  });

  it.each([
    [3, 3],
    [-4, 3],
    [1, 0],
  ])("refuses %i of rank %i", (axis, rank) => {
    expect(() => normalAxis(axis, rank)).toThrow(
      `axis ${axis} is outside a tensor of rank ${rank}`,
    );
  });
});

describe("broadcastDims", () => {
  it.each([
    [[], [], []],
    [[2, 3], [], [2, 3]],
    [
      [3, 1],
      [1, 4],
      [3, 4],
    ],
    [[4], [2, 3, 4], [2, 3, 4]],
    [
      [1, 0],
      [5, 1],
      [5, 0],
    ],
    [[1], [0], [0]],
  ])("%j with %j is %j", (a, b, expected) => {
    expect(broadcastDims(a, b)).toEqual(expected);
    expect(broadcastDims(b, a)).toEqual(expected);
  });

  it.each([
    [[2, 3], [4]],
    [[2], [3]],
    [[0], [2]],
  ])("refuses %j with %j", (a, b) => {
    expect(() => broadcastDims(a, b)).toThrow(
      `shapes [${a.join(", ")}] and [${b.join(", ")}] do not broadcast`,
    );
  });
});
