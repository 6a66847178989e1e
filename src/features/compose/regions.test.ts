/** @file Regions: stripes cover the picture once, and a brush takes from one what it gives another. */
import { expect, it } from "vitest";
import { painted, stripe } from "./regions.ts";

it.each(["x", "y"] as const)("stripes along %s cover every place once", (along) => {
  for (const count of [2, 3, 5]) {
    const masks = Array.from({ length: count }, (_, i) => stripe(8, count, i, along));
    for (let place = 0; place < 64; place++) {
      expect(masks.reduce((sum, mask) => sum + mask[place]!, 0)).toBe(1);
    }
  }
  const first = stripe(2, 2, 0, along);
  expect([...first]).toEqual(along === "x" ? [1, 0, 1, 0] : [1, 1, 0, 0]);
});

it("a brush paints for one concept and rubs out for the others", () => {
  const before = { a: stripe(4, 1, 0, "x"), other: Float32Array.of(1) };
  const after = painted(before, ["a", "b"], "b", 4, { x: 0.5, y: 0.5, radius: 0.6 });
  expect(after["a"]!.filter((x) => x === 0)).toHaveLength(1);
  expect([...after["b"]!]).toEqual([...after["a"]!].map((x) => 1 - x));
  expect(after["other"]).toBe(before.other);
  // What was there is not changed under whoever holds it.
  expect(before.a.every((x) => x === 1)).toBe(true);
});
