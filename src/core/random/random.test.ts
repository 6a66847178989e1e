/** @file Streams by seed and path: repeatable, unlike each other, and distributed as they should be. */
import { describe, expect, it } from "vitest";
import { Random } from "./random.ts";

type Path = readonly (number | string)[];

/** The first numbers of a stream. */
function first(count: number, seed: number, ...path: Path): number[] {
  const random = new Random(seed, ...path);
  return Array.from({ length: count }, () => random.uniform());
}

const mean = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0) / x.length;

/** Pearson's statistic of counts that should be equal. */
function chiSquared(counts: readonly number[]): number {
  const expected = mean(counts);
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function histogram(values: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.floor(value * bins)]!++;
  return counts;
}

/** 99.99 % of Pearson's statistics lie below: 15 and 255 degrees of freedom. */
const CHI_SQUARED_15 = 44.3;
const CHI_SQUARED_255 = 347.7;

describe("a stream", () => {
  it("is the same whenever it is asked for", () => {
    const expected = first(100, 7, "step", 3);
    new Random(7, "step", 3).normal(50);
    expect(first(100, 7, "step", 3)).toEqual(expected);
    expect(first(10, 7, "step", 3)).toEqual(expected.slice(0, 10));
    const [a, b] = [new Random(7, "step", 3), new Random(7, "step", 4)];
    const mixed = expected.map(() => {
      b.uniform();
      return a.uniform();
    });
    expect(mixed).toEqual(expected);
  });

  it("stays as it is, for checkpoints and seeds of images rely on it", () => {
    // FNV-1a of [1,"step",0,0], the mixer and xoroshiro128+ (24, 16, 37) written in Python with 64-bit integers.
    expect(first(2, 1, "step", 0, 0)).toEqual([0.6640104042160894, 0.5314882172323699]);
  });
});

/** 12,000 paths as training uses them, and neighbours of each other in every way. */
const PATHS: [number, ...Path][] = [];
for (let step = 0; step < 1000; step++) {
  for (let i = 0; i < 8; i++) PATHS.push([1, "step", step, i]);
  PATHS.push([1, "view", 0, step], [1, "view", step + 1, 0]);
  PATHS.push([step + 2, "step", 0, 0], [1, "order", `target ${step}`, 0]);
}

describe("streams of different paths", () => {
  it.each<[string, [number, ...Path], [number, ...Path]]>([
    ["where a number ends", [1, 1, 23], [1, 12, 3]],
    ["where a text ends", [1, "ab", "c"], [1, "a", "bc"]],
    ["one text or two", [1, "a", "b"], [1, 'a","b']],
    ["a number or a text", [1, 5], [1, "5"]],
    ["the seed or the path", [1, 2, 3], [12, 3]],
    ["the order", [1, "a", "b"], [1, "b", "a"]],
    ["the length", [1], [1, ""]],
    ["the sign", [1, -1], [1, 1]],
  ])("differ by %s", (_, a, b) => {
    expect(first(4, ...a)).not.toEqual(first(4, ...b));
  });

  it("are all different from their first number on", () => {
    // Of 12,000 numbers of 53 bits two are equal with probability 1e-8.
    expect(new Set(PATHS.map((path) => first(1, ...path)[0])).size).toBe(PATHS.length);
  });

  it("begin uniformly, whichever number is looked at", () => {
    for (let k = 0; k < 4; k++) {
      const values = PATHS.map((path) => first(k + 1, ...path)[k]!);
      expect(chiSquared(histogram(values, 16)), `number ${k}`).toBeLessThan(CHI_SQUARED_15);
      // Low digits as well as high ones.
      const low = values.map((x) => (x * 2 ** 20) % 1);
      expect(chiSquared(histogram(low, 16)), `low digits ${k}`).toBeLessThan(CHI_SQUARED_15);
    }
  });

  it("tell nothing about each other", () => {
    // First numbers of neighbouring paths fall into 16 x 16 boxes evenly; so do the first two numbers of one path.
    const values = PATHS.map((path) => first(2, ...path));
    const pair = (a: number, b: number): number => (Math.floor(a * 16) + b) / 16;
    const neighbours = values.slice(1).map(([x], i) => pair(x!, values[i]![0]!));
    const within = values.map(([x, y]) => pair(x!, y!));
    expect(chiSquared(histogram(neighbours, 256))).toBeLessThan(CHI_SQUARED_255);
    expect(chiSquared(histogram(within, 256))).toBeLessThan(CHI_SQUARED_255);
  });
});

describe("normal", () => {
  it("has the moments and the shares of the standard normal distribution", () => {
    const count = 200_000;
    const x = [...new Random(1, "normal").normal(count)];
    const moment = (power: number): number => mean(x.map((v) => v ** power));
    // Four standard errors of the sample moments: sqrt(var / count) with var 1, 2, 15 and 96.
    const within = (variance: number): number => 4 * Math.sqrt(variance / count);
    expect(Math.abs(moment(1))).toBeLessThan(within(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(within(2));
    expect(Math.abs(moment(3))).toBeLessThan(within(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(within(96));
    for (const [bound, share] of [
      [1, 0.6826895],
      [2, 0.9544997],
      [3, 0.9973002],
    ] as const) {
      const inside = x.filter((v) => Math.abs(v) < bound).length / count;
      expect(Math.abs(inside - share)).toBeLessThan(within(share * (1 - share)));
    }
  });

  it("has them across streams too, from the first number on", () => {
    const x = PATHS.map((path) => new Random(...path).normal(1)[0]!);
    const within = (variance: number): number => 4 * Math.sqrt(variance / x.length);
    expect(Math.abs(mean(x))).toBeLessThan(within(1));
    expect(Math.abs(mean(x.map((v) => v * v)) - 1)).toBeLessThan(within(2));
  });

  it("gives as many as asked for, one stream whatever their number", () => {
    const x = new Random(3, "n").normal(7);
    expect(x).toHaveLength(7);
    expect(new Random(3, "n").normal(4)).toEqual(x.slice(0, 4));
    expect(new Random(3, "n").normal(0)).toHaveLength(0);
  });
});

describe("integer", () => {
  it.each([
    [0, 9],
    [-3, 2],
    [5, 5],
  ])("is every whole number from %i to %i equally often, both included", (low, high) => {
    const random = new Random(2, "integer", low);
    const counts = new Map<number, number>();
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      const drawn = random.integer(low, high);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    const wanted = Array.from({ length: high - low + 1 }, (_, i) => low + i);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(wanted);
    expect(chiSquared([...counts.values()])).toBeLessThan(CHI_SQUARED_15);
  });

  it("picks every item", () => {
    const random = new Random(2, "pick");
    const picked = Array.from({ length: 200 }, () => random.pick(["a", "b", "c"]));
    expect(new Set(picked)).toEqual(new Set(["a", "b", "c"]));
  });
});
