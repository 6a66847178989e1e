/** @file Made-up merges, small enough for many of them, and what a merge makes small, written out. */
import fc from "fast-check";
import { accumulateGram, emptyGram, type RegularisationGram } from "../../src/core/merge/gram.ts";
import type { MergeInput } from "../../src/core/merge/merge.ts";
import type { MergeTarget } from "../../src/core/merge/target-rows.ts";
import { normals } from "./seeded.ts";
import { energyOf } from "./stored-merge.ts";

/** Text width and columns. */
export const [E, S] = [12, 5];

/** @param context context rows */
export function someTarget(seed: number, name: string, rows: number, context = 0): MergeTarget {
  return {
    name,
    features: normals(seed, `${name} rows`, rows * E),
    labels: Array.from({ length: rows }, (_, i) => `${name} ${i}`),
    context: normals(seed, `${name} context`, context * E),
    difference: normals(seed, `${name} difference`, E * S).map((x) => 0.1 * x),
  };
}

/**
 * @param rows target rows of each concept @param context context rows, likewise
 * @param together context rows of the first two concepts at once
 */
export function someMerge(
  seed: number,
  rows: readonly number[],
  context: readonly number[] = [],
  together = 0,
): MergeInput {
  const names = ["bear", "car", "cat"];
  return {
    base: normals(seed, "base", E * S),
    targets: rows.map((count, n) => someTarget(seed, names[n]!, count, context[n])),
    together: [{ of: rows.length > 1 ? [0, 1] : [0], rows: normals(seed, "both", together * E) }],
    gram: accumulateGram(emptyGram(E), normals(seed, "captions", 3 * E * E)),
  };
}

export const someMerges = fc
  .tuple(
    fc.nat(100_000),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    // None, fewer than features have directions, and more.
    fc.array(fc.constantFrom(0, 5, 31), { minLength: 3, maxLength: 3 }),
    fc.constantFrom(0, 5, 31),
  )
  .map(([seed, rows, context, both]) => ({ seed, ...someMerge(seed, rows, context, both) }));

/**
 * Σ μ_n ‖C_n (ΔW - ΔW_n)‖², each context weighing as much as all captions do; likewise of what concepts share, with the
 * sum of their differences.
 */
export function contextError(
  { gram, targets, together = [] }: MergeInput,
  weights: ArrayLike<number>,
): number {
  const own = targets.map(({ context }, n) => ({ rows: context, of: [n] }));
  let sum = 0;
  for (const { rows, of } of [...own, ...together]) {
    if (rows.length === 0) continue;
    const seen = accumulateGram(emptyGram(gram.width), rows);
    const wanted = (k: number): number => of.reduce((x, n) => x + targets[n]!.difference[k]!, 0);
    const off = Float64Array.from(weights, (x, k) => x - wanted(k));
    sum += (trace(gram) / trace(seen)) * energyOf(seen, off);
  }
  return sum;
}

/** What a merge makes small: ‖Creg ΔW‖² and the error in contexts. */
export function objective(merge: MergeInput, weights: ArrayLike<number>): number {
  return energyOf(merge.gram, weights) + contextError(merge, weights);
}

function trace({ width, lower }: RegularisationGram): number {
  return lower.reduce((sum, x, k) => sum + (k % (width + 1) === 0 ? x : 0), 0);
}
