/** @file Merging is what numpy's null-space method makes of the same real features, and does not hang on their rounding. */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { ENERGY_THRESHOLD, featureSpace } from "./feature-space.ts";
import type { RegularisationGram } from "./gram.ts";
import { mergeConstrained } from "./merge.ts";
import { product, storedMerge } from "../../../tests/support/stored-merge.ts";
import { type MergeTarget, sortRows, targetRows } from "./target-rows.ts";

const { golden, width, columns, base, targets, gram } = await storedMerge();
const kept = JSON.parse(golden.metadata.get("kept")!) as boolean[];

describe("on real features", () => {
  it("gives the difference that the null-space method gives", async () => {
    const { difference, report } = await mergeConstrained({ base, targets, gram });
    expect(relativeL2(difference, golden.get("solution").data)).toBeLessThan(1e-6);
    expect(report.drift).toBeCloseTo(Number(golden.metadata.get("drift")), 10);
    expect(report).toMatchObject({ rows: 10, cutDirections: 1, duplicates: [] });
    // One direction makes G ten thousand times worse conditioned than all others together.
    expect(report.conditionBefore).toBeGreaterThan(1e9);
    expect(report.conditionAfter).toBeLessThan(1e4);
    expect(report.smallestSine).toBeGreaterThan(0.1);
  });

  it("gives every target row its concept's values", async () => {
    const { difference, report } = await mergeConstrained({ base, targets, gram });
    expect(report.residual).toBeLessThan(1e-5);
    const weights = base.map((w, i) => w + difference[i]!);
    targets.forEach(({ features, difference: own, labels }, n) => {
      const wanted = product(
        features,
        base.map((w, i) => w + own[i]!),
        width,
      );
      const got = product(features, weights, width);
      labels.forEach((label, i) => {
        if (!kept[n * labels.length + i]!) return;
        const row = (all: Float64Array): Float64Array =>
          all.subarray(i * columns, (i + 1) * columns);
        expect(relativeL2(row(got), row(wanted)), label).toBeLessThan(1e-5);
      });
    });
  });

  it("leaves out the rows that both concepts share, and tells them from all others by far", () => {
    const space = featureSpace(gram);
    const rows = targetRows(targets, space);
    const { shared, kept: left } = sortRows(rows);
    expect(left.map(({ label }) => label)).toEqual(
      rows.filter((_, i) => kept[i]).map(({ label }) => label),
    );
    expect(shared).toEqual([
      { label: '<new> in "<new> bear"', because: '<new> in "<new> car"' },
      { label: '<new> in "<new> car"', because: '<new> in "<new> bear"' },
    ]);
    const sines = golden.get("sines").data;
    const across = [...sines].filter((_, k) => {
      const [i, j] = [Math.floor(k / rows.length), k % rows.length];
      return i < j && rows[i]!.concept !== rows[j]!.concept;
    });
    const [first, second] = across.sort((a, b) => a - b) as [number, number];
    expect(first).toBeLessThan(0.04);
    expect(second).toBeGreaterThan(0.3);
  });

  it("strays less on captions than either concept does by itself", async () => {
    const { report } = await mergeConstrained({ base, targets, gram });
    expect(report.drift).toBeLessThan(Math.min(...report.driftAlone));
    for (const [n, target] of targets.entries()) {
      const alone = await mergeConstrained({ base, targets: [target], gram });
      // Nothing is shared where there is but one concept, and its own weights are one way to obey.
      expect(alone.report.rows).toBe(target.labels.length);
      expect(alone.report.drift).toBeLessThan(alone.report.driftAlone[0]!);
      expect(alone.report.driftAlone[0]).toBe(report.driftAlone[n]);
    }
  });
});

describe("noise of 1e-6 in all features", () => {
  const eigen = symmetricEigen(gram.lower, width);
  /** Rows zᵢ λᵢ^¼, so that their Gram is G^½. */
  const root = eigen
    .vectors(width)
    .map((z, k) => z * Math.max(0, eigen.values[Math.floor(k / width)]!) ** 0.25);

  /** Creg + N has the Gram G + G^½ M + Mᵀ G^½ + R δ² I where Creg = Q G^½, because M = QᵀN is noise again. */
  function noisyGram(seed: number): RegularisationGram {
    const trace = eigen.values.reduce((sum, value) => sum + value, 0);
    const deviation = 1e-6 * Math.sqrt(trace / (gram.rows * width));
    const noise = normals(seed, "gram", width * width).map((x) => x * deviation);
    const transposed = root.map((_, k) => root[(k % width) * width + Math.floor(k / width)]!);
    const cross = product(transposed, product(root, noise, width), width);
    const lower = gram.lower.map((value, k) => {
      const [i, j] = [Math.floor(k / width), k % width];
      if (j > i) return 0;
      const own = i === j ? gram.rows * deviation ** 2 : 0;
      return value + cross[i * width + j]! + cross[j * width + i]! + own;
    });
    return { ...gram, lower };
  }

  function noisyTargets(seed: number): MergeTarget[] {
    return targets.map((target) => {
      const { features, name } = target;
      const size = Math.sqrt(features.reduce((sum, x) => sum + x * x, 0) / features.length);
      const noise = normals(seed, name, features.length);
      return { ...target, features: features.map((x, i) => x + 1e-6 * size * noise[i]!) };
    });
  }

  /** Relative changes of the merged difference, by three draws of noise. */
  async function changes(threshold: number): Promise<number[]> {
    const clean = await mergeConstrained({ base, targets, gram }, { threshold });
    const found: number[] = [];
    for (const seed of [1, 2, 3]) {
      const noisy = { base, targets: noisyTargets(seed), gram: noisyGram(seed) };
      const { difference } = await mergeConstrained(noisy, { threshold });
      found.push(relativeL2(difference, clean.difference));
    }
    return found;
  }

  it("changes the difference by less than 1e-4, and without the cut by a hundred times as much", async () => {
    const [cut, whole] = [await changes(ENERGY_THRESHOLD), await changes(0)];
    expect(Math.max(...cut)).toBeLessThan(1e-4);
    expect(Math.max(...whole)).toBeGreaterThan(100 * Math.max(...cut));
  }, 120_000);
});
