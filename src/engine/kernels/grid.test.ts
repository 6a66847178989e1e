/** @file Launches cover all of the work once, and none is larger than the bounds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocksOf, BOUNDS, type Grid, rowsOf } from "./grid.ts";

const volume = ([x, y, z]: Grid): number => x * y * z;

describe("rowsOf", () => {
  it("wraps a row that is too long", () => {
    const bounds = { workgroups: 4, multiplyAdds: 1 };
    expect(rowsOf(1, bounds)).toEqual([1, 1, 1]);
    expect(rowsOf(4, bounds)).toEqual([4, 1, 1]);
    expect(rowsOf(9, bounds)).toEqual([4, 3, 1]);
    // 25 million parameters of the face mode, 256 a workgroup.
    expect(rowsOf(97_656)).toEqual([65_535, 2, 1]);
  });
});

describe("blocksOf", () => {
  it("covers every workgroup once, within the bounds", () => {
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        fc.tuple(side, side, side),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 6 }),
        (grid, each, multiplyAdds, workgroups) => {
          const seen = new Set<string>();
          const blocks = blocksOf(grid, each, { workgroups, multiplyAdds });
          for (const { origin, size } of blocks) {
            expect(Math.max(...size)).toBeLessThanOrEqual(workgroups);
            // One workgroup is the least that can be launched.
            if (volume(size) > 1) expect(volume(size) * each).toBeLessThanOrEqual(multiplyAdds);
            for (let x = 0; x < size[0]; x++) {
              for (let y = 0; y < size[1]; y++) {
                for (let z = 0; z < size[2]; z++) {
                  seen.add(`${origin[0] + x} ${origin[1] + y} ${origin[2] + z}`);
                }
              }
            }
          }
          expect(seen.size).toBe(volume(grid));
          expect(blocks.reduce((sum, { size }) => sum + volume(size), 0)).toBe(volume(grid));
        },
      ),
    );
  });

  it("cuts the projections of SD 1.x, 5.9e9 multiply-adds for a batch of 4, into few launches", () => {
    // [308, 768] x [768, 24960] in tiles of 64 x 64.
    const each = 64 * 64 * 768;
    const blocks = blocksOf([390, 5, 1], each);
    expect(blocks.length).toBeLessThanOrEqual(5);
    for (const { size } of blocks) {
      expect(volume(size) * each).toBeLessThanOrEqual(BOUNDS.multiplyAdds);
    }
  });
});
