/** @file What holds of every merge: the constraint, optimality, and that neither order nor doing nothing matters; and what is refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { StudioError } from "../errors.ts";
import { triangularFactor } from "../linalg/triangular-factor.ts";
import { addScaled, dot, rowOf } from "../linalg/vector.ts";
import { emptyGram } from "./gram.ts";
import { mergeConstrained, type MergeInput } from "./merge.ts";
import {
  E,
  objective,
  S,
  someMerge,
  someMerges,
  someTarget,
} from "../../../tests/support/some-merges.ts";
import { product } from "../../../tests/support/stored-merge.ts";
import type { MergeTarget } from "./target-rows.ts";

describe("a merge", () => {
  const check = (property: (merge: MergeInput & { readonly seed: number }) => Promise<void>) =>
    fc.assert(fc.asyncProperty(someMerges, property), { seed: 23, numRuns: 60 });

  it("keeps every concept's values at its target rows", async () => {
    await check(async (merge) => {
      const { difference, report } = await mergeConstrained(merge);
      const floor = 1e-5 / Math.min(1, report.smallestSine);
      for (const { features, difference: own } of merge.targets) {
        const [got, wanted] = [product(features, difference, E), product(features, own, E)];
        expect(relativeL2(got, wanted)).toBeLessThan(floor);
      }
      expect(report.residual).toBeLessThan(floor);
    });
  });

  it("strays least on captions, and from concepts in their contexts, of all that keep them", async () => {
    await check(async ({ seed, ...merge }) => {
      const { difference } = await mergeConstrained(merge);
      const rows = merge.targets.flatMap(({ features }) => [...features]);
      const { orthonormal } = triangularFactor(Float64Array.from(rows), E);
      // Any direction, less what the target rows see of it.
      const away = Float64Array.from(normals(seed, "perturbation", E));
      for (let i = 0; i < rows.length / E; i++) {
        const seen = rowOf(orthonormal, E, i);
        addScaled(away, -dot(seen, away), seen);
      }
      const least = objective(merge, difference);
      for (const size of [-1e-2, 1e-2, 1]) {
        const other = Float64Array.from(difference, (x, k) => x + size * away[Math.floor(k / S)]!);
        expect(objective(merge, other)).toBeGreaterThan(least);
      }
    });
  });

  it("does not hang on the order of concepts", async () => {
    await check(async (merge) => {
      const targets = merge.targets.toReversed();
      const together = merge.together!.map(({ of, rows }) => ({
        of: of.map((n) => targets.length - 1 - n),
        rows,
      }));
      const [there, back] = [
        await mergeConstrained(merge),
        await mergeConstrained({ ...merge, targets, together }),
      ];
      expect(relativeL2(back.difference, there.difference)).toBeLessThan(1e-5);
    });
  });

  it("of a concept that changed nothing is the base model, bit for bit", async () => {
    const merge = someMerge(3, [3]);
    const [only] = merge.targets as [MergeTarget];
    const { difference, report } = await mergeConstrained({
      ...merge,
      targets: [{ ...only, difference: new Float32Array(E * S) }],
    });
    expect(difference.every((x) => x === 0)).toBe(true);
    expect(report).toMatchObject({ residual: 0, drift: 0, driftAlone: [0] });
  });

  it("drops a row that its concept has given already", async () => {
    const merge = someMerge(4, [2, 2]);
    const [first, second] = merge.targets as [MergeTarget, MergeTarget];
    const again = {
      ...first,
      features: Float32Array.of(
        ...first.features,
        ...first.features.subarray(0, E).map((x) => x * (1 + 1e-7)),
      ),
      labels: [...first.labels, "again"],
    };
    const plain = await mergeConstrained(merge);
    const { difference, report } = await mergeConstrained({ ...merge, targets: [again, second] });
    expect(difference).toEqual(plain.difference);
    expect(report.duplicates).toEqual([{ label: "again", because: "bear 0" }]);
  });

  it("tells how far it is, and stops between two stages", async () => {
    const merge = someMerge(5, [2, 2]);
    const seen: number[] = [];
    await mergeConstrained(merge, { onProgress: (done) => void seen.push(done) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect([seen[0], seen.at(-1)]).toEqual([0, 1]);
    const signal = { aborted: false };
    const stopped = mergeConstrained(merge, {
      onProgress: (done) => void (signal.aborted = done > 0),
      signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("what is refused", () => {
  const merge = someMerge(7, [3, 2]);
  const [bear, car] = merge.targets as [MergeTarget, MergeTarget];
  it.each<[string, Partial<MergeInput>, string]>([
    ["no concept", { targets: [] }, "no concept to merge"],
    [
      "a concept of another model",
      { targets: [{ ...bear, difference: new Float32Array(7) }] },
      "does not fit",
    ],
    [
      "half a context row",
      { targets: [bear, { ...car, context: new Float32Array(E + 1) }] },
      "does not fit",
    ],
    [
      "a context that is not finite",
      { targets: [bear, { ...car, context: new Float32Array(E).fill(NaN) }] },
      "car holds numbers that are not finite",
    ],
    [
      "prompts of a concept that is not there",
      { together: [{ rows: new Float32Array(E), of: [0, 2] }] },
      "bear and one that is not there do not fit",
    ],
    [
      "prompts of both that are not finite",
      { together: [{ rows: new Float32Array(E).fill(NaN), of: [0, 1] }] },
      "bear and car give numbers that are not finite",
    ],
    ["labels that do not fit", { targets: [{ ...bear, labels: ["one"] }] }, "does not fit"],
    [
      "no rows",
      { targets: [{ ...bear, labels: [], features: new Float32Array() }] },
      "no target prompt",
    ],
    [
      "numbers that are not finite",
      { targets: [bear, { ...car, difference: car.difference.map(() => NaN) }] },
      "car holds numbers that are not finite",
    ],
    ["no captions", { gram: emptyGram(E) }, "no regularisation captions"],
    [
      "one concept twice",
      { targets: [bear, { ...car, features: bear.features, labels: ["a", "b", "c"] }] },
      "cannot tell bear from a",
    ],
    [
      "more rows than the features have directions",
      { targets: [someTarget(1, "bear", 9), someTarget(2, "car", 9)] },
      "the features of car 3 follow from those of the rows before it",
    ],
  ])("%s", async (_, change, sentence) => {
    const refused = mergeConstrained({ ...merge, ...change });
    await expect(refused).rejects.toBeInstanceOf(StudioError);
    await expect(refused).rejects.toThrow(sentence);
  });
});
