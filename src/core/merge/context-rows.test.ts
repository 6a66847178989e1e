/** @file Contexts draw a merge to its concepts: by as much as numpy finds for real features, and of any made-up ones. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import {
  contextError,
  E,
  S,
  someMerge,
  someMerges,
  someTarget,
} from "../../../tests/support/some-merges.ts";
import { storedMerge } from "../../../tests/support/stored-merge.ts";
import { drawnToContexts, weighContexts, withContexts } from "./context-rows.ts";
import { featureSpace } from "./feature-space.ts";
import { mergeConstrained, type MergeInput } from "./merge.ts";

const without = (merge: MergeInput): MergeInput => ({
  ...merge,
  together: [],
  targets: merge.targets.map((own) => ({ ...own, context: new Float32Array() })),
});

describe("on real features", async () => {
  const [{ base, targets, gram }, golden] = [
    await storedMerge(),
    await readGolden("merge-contexts"),
  ];
  const merge: MergeInput = {
    base,
    gram,
    targets: targets.map((own, n) => ({
      ...own,
      context: Float32Array.from(golden.get(`${["bear", "car"][n]!}.context`).data),
    })),
  };

  it("gives the difference that the null-space method gives", async () => {
    const { difference, report } = await mergeConstrained(merge);
    expect(relativeL2(difference, golden.get("solution").data)).toBeLessThan(1e-6);
    expect(report.drift).toBeCloseTo(Number(golden.metadata.get("drift")), 8);
    const kept = JSON.parse(golden.metadata.get("kept")!) as boolean[];
    expect(report.rows).toBe(kept.filter(Boolean).length);
    expect(report).toMatchObject({ cutDirections: 1, duplicates: [] });
    expect(report.residual).toBeLessThan(1e-5);
  });

  it("gives the difference that the null-space method gives where prompts name both", async () => {
    const rows = Float32Array.from(golden.get("both.context").data);
    const { difference, report } = await mergeConstrained({
      ...merge,
      together: [{ rows, of: [0, 1] }],
    });
    expect(relativeL2(difference, golden.get("solution.both").data)).toBeLessThan(1e-6);
    // It is another merge than without them: the two goldens are .46 apart, and two ways of solving 1e-6.
    expect(relativeL2(difference, golden.get("solution").data)).toBeGreaterThan(0.05);
    expect(report.residual).toBeLessThan(1e-5);
  });

  it("is a good deal nearer to the concepts in their contexts, and drifts more for it", async () => {
    const [drawn, plain] = [await mergeConstrained(merge), await mergeConstrained(without(merge))];
    const far = contextError(merge, plain.difference);
    expect(contextError(merge, drawn.difference)).toBeLessThan(0.5 * far);
    expect(drawn.report.drift).toBeGreaterThan(plain.report.drift);
    expect(drawn.report.driftAlone).toEqual(plain.report.driftAlone);
  });
});

describe("contexts", () => {
  const check = (property: (merge: MergeInput & { readonly seed: number }) => Promise<void>) =>
    fc.assert(fc.asyncProperty(someMerges, property), { seed: 29, numRuns: 60 });

  it("bring a merge nearer to concepts there, and it pays for that on captions", async () => {
    await check(async (merge) => {
      const [drawn, plain] = [
        await mergeConstrained(merge),
        await mergeConstrained(without(merge)),
      ];
      if (drawn.report.contextRows === 0) {
        expect(drawn).toEqual(plain);
        return;
      }
      const far = contextError(merge, plain.difference);
      expect(contextError(merge, drawn.difference)).toBeLessThan(far * (1 + 1e-6));
      expect(drawn.report.drift).toBeGreaterThan(plain.report.drift * (1 - 1e-6));
    });
  });

  it("in which a concept changed nothing make a merge change less there", async () => {
    await check(async ({ seed, ...merge }) => {
      const difference = new Float32Array(E * S);
      const still = { ...someTarget(seed, "still", 1, 31), difference };
      const others = without(merge).targets;
      const given = { ...merge, targets: [...others, still] };
      const [drawn, plain] = [
        await mergeConstrained(given),
        await mergeConstrained(without(given)),
      ];
      const moved = contextError(given, plain.difference);
      expect(contextError(given, drawn.difference)).toBeLessThan(moved * (1 + 1e-6));
    });
  });

  it("of several concepts at once are those of a concept that does what they do together", async () => {
    const merge = someMerge(12, [2, 2, 1], [5, 5, 31], 20);
    const sum = merge.targets[0]!.difference.map((x, k) => x + merge.targets[1]!.difference[k]!);
    const alone = { ...merge.targets[2]!, difference: sum, context: merge.together![0]!.rows };
    // Held to no row of its own that another is not held to: it only draws.
    const both = { ...merge, together: [], targets: [...merge.targets, alone] };
    const [weighed, expected] = [
      weighContexts(merge.targets, merge.together!, merge.gram),
      weighContexts(both.targets, [], merge.gram),
    ];
    // The same sums in float64, in another order.
    expect(relativeL2(weighed.lower, expected.lower)).toBeLessThan(1e-12);
    const space = featureSpace(withContexts(merge.gram, weighed), 1e-6);
    const drawn = await drawnToContexts(space, weighed, S, () => Promise.resolve());
    const wanted = await drawnToContexts(space, expected, S, () => Promise.resolve());
    // Rounded to float32.
    expect(relativeL2(drawn, wanted)).toBeLessThan(1e-6);
  });

  it("of zeros weigh nothing", async () => {
    const merge = someMerge(8, [2, 2]);
    const zeros = merge.targets.map((own) => ({ ...own, context: new Float32Array(3 * E) }));
    const { difference, report } = await mergeConstrained({ ...merge, targets: zeros });
    expect(difference).toEqual((await mergeConstrained(merge)).difference);
    expect(report.contextRows).toBe(6);
  });

  it("weigh the same however many rows they have, and go by columns in parts", async () => {
    // More columns than go through a product at once, and no multiple of them.
    const columns = 300;
    const merge = someMerge(9, [2, 1], [7, 9]);
    const wide = (narrow: Float32Array): Float32Array =>
      Float32Array.from(
        { length: E * columns },
        (_, k) => narrow[Math.floor(k / columns) * S + ((k % columns) % S)]!,
      );
    const targets = merge.targets.map((own) => ({
      ...own,
      difference: wide(own.difference),
      context: Float32Array.of(...own.context, ...own.context),
    }));
    const narrow = await mergeConstrained(merge);
    const { difference } = await mergeConstrained({ ...merge, base: wide(merge.base), targets });
    expect(relativeL2(difference, wide(narrow.difference))).toBeLessThan(1e-6);
  });

  it("hear a stop between two parts of the columns", async () => {
    const merge = someMerge(10, [2, 2], [5, 5]);
    const seen: number[] = [];
    await mergeConstrained(merge, { onProgress: (done) => void seen.push(done) });
    const signal = { aborted: false };
    const asked: number[] = [];
    const stopped = mergeConstrained(merge, {
      signal,
      onProgress: (done) => {
        asked.push(done);
        signal.aborted = asked.length === 3;
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    expect(asked).toEqual(seen.slice(0, 3));
    expect(seen.length).toBeGreaterThan(5);
  });
});
