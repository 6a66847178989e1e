/** @file Which variants of a product are tried: what the device has and the shapes allow, the usual one first. */
import { expect, it } from "vitest";
import { candidates } from "./choose-product.ts";
import { bestOf } from "./measure.ts";
import { TILES, USUAL, variantName } from "./tiled-matmul/variant.ts";

const everything = { features: new Set(["shader-f16", "subgroups"]) };
const nothing = { features: new Set<string>() };
const fours = { textWidth: 16, columns: 24 };

function names(...parameters: Parameters<typeof candidates>): readonly string[] {
  return candidates(...parameters).map(variantName);
}

it("all of them on a device that has everything, each once", () => {
  const all = names(everything, fours, true);
  expect(all[0]).toBe(variantName(USUAL));
  expect(all).toHaveLength(TILES.length * 2 * 2);
  expect(new Set(all).size).toBe(all.length);
});

it("float16 only where it is allowed and the device has it", () => {
  for (const list of [names(everything, fours, false), names(nothing, fours, true)]) {
    expect(list).toHaveLength(TILES.length * 2);
    expect(list.filter((name) => name.includes("f16"))).toEqual([]);
  }
});

it.each([
  { textWidth: 18, columns: 24 },
  { textWidth: 16, columns: 26 },
])("no vectors for widths $textWidth and $columns", (shape) => {
  expect(names(everything, shape, false)).toEqual(
    TILES.map((tile) => variantName({ ...tile, lanes: 1, half: false })),
  );
});

it("the usual one stays where no other is clearly faster", () => {
  const [usual = USUAL, other = USUAL] = candidates(nothing, fours, false);
  expect(
    bestOf(
      new Map([
        [usual, 1],
        [other, 0.95],
      ]),
      usual,
    ),
  ).toBe(usual);
  expect(
    bestOf(
      new Map([
        [usual, 1],
        [other, 0.85],
      ]),
      usual,
    ),
  ).toBe(other);
});
