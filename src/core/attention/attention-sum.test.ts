/** @file Maps of several resolutions become heat on the latents' grid as torch's interpolate makes it; sums stay. */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import { AttentionSum, type TokenMaps } from "./attention-sum.ts";

/** Blocks of the nano model's UNet by resolution. */
const BLOCKS = { 2: 1, 4: 5, 8: 5, 16: 5 };
const SIDE = 16;

async function goldenMaps() {
  const golden = await readGolden("nano-attention");
  const maps = Object.entries(BLOCKS).map(([side, blocks]): TokenMaps => {
    const { data } = golden.get(`places_${Number(side) ** 2}`);
    return { height: Number(side), width: Number(side), blocks, data };
  });
  return { maps, heat: golden.get("heat").data };
}

/** All words get about as much: what tells them apart is the distance from 1/77. */
const centred = (values: ArrayLike<number>): Float64Array =>
  Float64Array.from(values, (x) => x - 1 / 77);

describe("heat", () => {
  it("is the golden's, token by token", async () => {
    const { maps, heat } = await goldenMaps();
    const sum = new AttentionSum(77);
    sum.add(maps);
    for (const token of [0, 5, 76]) {
      const own = sum.heat([token], SIDE, SIDE);
      const expected = heat.slice(token * SIDE ** 2, (token + 1) * SIDE ** 2);
      // Both were rounded to float32, and the maps before: values of 1/77 ± 0.003.
      expect(relativeL2(centred(own), centred(expected))).toBeLessThan(1e-5);
    }
  });

  it("of all tokens is 1 everywhere, and of a word the sum of its tokens', over any number of steps", async () => {
    const { maps } = await goldenMaps();
    const sum = new AttentionSum(77);
    sum.add(maps);
    const once = sum.heat([3, 4], SIDE, SIDE);
    const uneven = maps.map((map) => ({ ...map, data: Float64Array.from(map.data, (x) => 3 * x) }));
    sum.add(uneven);
    const twice = sum.heat([3, 4], SIDE, SIDE);
    const [third, fourth] = [sum.heat([3], SIDE, SIDE), sum.heat([4], SIDE, SIDE)];
    twice.forEach((value, i) => {
      expect(value).toBeCloseTo(2 * once[i]!, 6);
      expect(value).toBeCloseTo(third[i]! + fourth[i]!, 6);
    });
    const all = Array.from({ length: 77 }, (_, token) => token);
    for (const value of sum.heat(all, SIDE, SIDE)) expect(value).toBeCloseTo(2, 5);
  });
});
