/** @file Percentages of the crop dialog and squares in pixels: there and back, and never outside of the photo. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { percentagesOf, squareFrom } from "./crop-square.ts";

const side = fc.integer({ min: 1, max: 20_000 });

it("comes back from percentages unchanged", () => {
  fc.assert(
    fc.property(side, side, fc.nat(), fc.nat(), fc.nat(), (width, height, a, b, c) => {
      const most = Math.min(width, height);
      const square = { side: 1 + (a % most), left: 0, top: 0 };
      square.left = b % (width - square.side + 1);
      square.top = c % (height - square.side + 1);
      expect(squareFrom(percentagesOf(square, { width, height }), { width, height })).toEqual(
        square,
      );
    }),
    { seed: 1 },
  );
});

it("stays inside the photo whatever the dialog says", () => {
  const percent = fc.double({ min: -50, max: 150, noNaN: true });
  fc.assert(
    fc.property(side, side, percent, percent, percent, (width, height, x, y, wide) => {
      const area = { x, y, width: wide, height: wide };
      const square = squareFrom(area, { width, height });
      expect(Object.values(square).every(Number.isInteger)).toBe(true);
      expect(square.side).toBeGreaterThan(0);
      expect(Math.min(square.left, square.top)).toBeGreaterThanOrEqual(0);
      expect(square.left + square.side).toBeLessThanOrEqual(width);
      expect(square.top + square.side).toBeLessThanOrEqual(height);
    }),
    { seed: 1 },
  );
});
