/** @file Compressed differences: how many singular values remain, and how well their products stand for the whole. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { normals } from "../../../tests/support/seeded.ts";
import {
  compressDifferences,
  expandFactors,
  rankToKeep,
  type WeightDifference,
} from "./compress.ts";

const difference = (
  name: string,
  channels: number,
  width: number,
  scale = 1,
): WeightDifference => ({
  name,
  dims: [channels, width],
  values: normals(4, name, channels * width).map((x) => x * scale),
});

describe("rankToKeep", () => {
  it.each<[number[], number, number]>([
    [[5, 3, 2], 0.5, 1],
    [[5, 3, 2], 0.51, 2],
    [[5, 3, 2], 0.8, 2],
    [[5, 3, 2], 0.81, 3],
    [[5, 3, 2], 0, 1],
    [[5, 3, 2], 1, 3],
    [[5, 3, 0, 0], 1, 2],
    [[0, 0], 0.6, 0],
    [[], 0.6, 0],
    // The paper's code keeps 0 of these.
    [[9, 1], 0.6, 1],
  ])("of %j at %d is %d", (values, keep, rank) => {
    expect(rankToKeep(Float64Array.from(values), keep)).toBe(rank);
  });

  it("is the smallest that keeps the share", () => {
    const spectra = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(spectra, fc.integer({ min: 0, max: 100 }), (numbers, percent) => {
        const values = Float64Array.from(numbers).sort().reverse();
        const total = numbers.reduce((a, b) => a + b, 0);
        const rank = rankToKeep(values, percent / 100);
        const sumOf = (count: number): number =>
          values.subarray(0, count).reduce((a, b) => a + b, 0);
        if (total === 0) expect(rank).toBe(0);
        else {
          expect(sumOf(rank)).toBeGreaterThanOrEqual((percent / 100) * total);
          if (rank > 1) expect(sumOf(rank - 1)).toBeLessThan((percent / 100) * total);
          expect(rank).toBeGreaterThan(0);
        }
      }),
      { seed: 3 },
    );
  });
});

describe("compressDifferences", () => {
  const layers = [difference("key", 20, 32), difference("value", 48, 32, 0.1)];

  it("keeps everything at 1", async () => {
    const { layers: thin, error } = await compressDifferences(layers, { keep: 1 });
    thin.forEach((factors, i) => {
      expect(factors.rank).toBe(Math.min(...factors.dims));
      expect(relativeL2(expandFactors(factors), layers[i]!.values)).toBeLessThan(3e-7);
    });
    expect(error).toBeLessThan(3e-7);
  });

  it("says what the factors lose and what they take", async () => {
    const compressed = await compressDifferences(layers);
    const { layers: thin } = compressed;
    let [lost, all, numbers] = [0, 0, 0];
    thin.forEach((factors, i) => {
      const { values } = layers[i]!;
      const { dims, rank, up, down, name } = factors;
      expect([name, dims]).toEqual([layers[i]!.name, layers[i]!.dims]);
      expect([up.length, down.length]).toEqual([dims[0] * rank, rank * dims[1]]);
      const expanded = expandFactors(factors);
      expect(factors.error).toBeCloseTo(relativeL2(expanded, values), 6);
      values.forEach((x, k) => {
        lost += (x - expanded[k]!) ** 2;
        all += x * x;
      });
      numbers += up.length + down.length;
    });
    expect(compressed.error).toBeCloseTo(Math.sqrt(lost / all), 6);
    expect(compressed).toMatchObject({
      numbers,
      bytes: 2 * numbers,
      numbersBefore: 20 * 32 + 48 * 32,
    });
  });

  it("loses less the more it keeps", async () => {
    const errors: number[] = [];
    for (const keep of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
      errors.push((await compressDifferences(layers, { keep })).error);
    }
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(errors[0]).toBeLessThan(1);
  });

  it("makes nothing of nothing", async () => {
    const nothing = { ...difference("zero", 4, 6), values: new Float32Array(24) };
    const { layers: thin, ...rest } = await compressDifferences([nothing]);
    expect(thin[0]).toMatchObject({ rank: 0, error: 0 });
    expect(expandFactors(thin[0]!)).toEqual(new Float32Array(24));
    expect(rest).toEqual({ numbers: 0, numbersBefore: 24, bytes: 0, error: 0 });
  });

  it("stops between two layers, and refuses what makes no sense", async () => {
    const signal = { aborted: false };
    const seen: number[] = [];
    const onProgress = (done: number): void => {
      seen.push(done);
      signal.aborted = done >= 0.5;
    };
    const stopped = compressDifferences(layers, { onProgress, signal });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toEqual([0, 0.5]);
    for (const keep of [-0.1, 1.1, NaN]) {
      await expect(compressDifferences(layers, { keep })).rejects.toMatchObject({
        code: "invalid-input",
      });
    }
    const broken = { ...layers[0]!, values: layers[0]!.values.with(3, NaN) };
    await expect(compressDifferences([broken])).rejects.toThrow('"key" holds numbers');
  });
});
