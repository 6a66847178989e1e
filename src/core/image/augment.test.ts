/** @file Augmented views: sizes, words, masks and odds over many seeds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random/random.ts";
import { augment, type AugmentedView, plainView } from "./augment.ts";
import { flipHorizontally } from "./geometry.ts";
import type { Planes } from "./pixels.ts";
import { resize } from "./resize.ts";

const FAR = ["a far away ", "very small "];
const ZOOM = ["zoomed in ", "close up "];

/** White, so that a view shows where the photo lies on its grey canvas. */
function white(side: number): Planes {
  return { width: side, height: side, data: new Float32Array(3 * side * side).fill(1) };
}

/** Grows from left to right, and from top to bottom in the second channel. */
function ramp(side: number): Planes {
  const data = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const position = i < side * side ? i % side : Math.floor(i / side) % side;
    return (2 * position + 1) / side - 1;
  });
  return { width: side, height: side, data };
}

/** Where the first channel is not grey: columns [left, right), rows [top, bottom). */
function pasted({ width, height, data }: Planes) {
  const columns: number[] = [];
  const rows: number[] = [];
  for (let i = 0; i < width * height; i++) {
    if (data[i] === 0) continue;
    columns.push(i % width);
    rows.push(Math.floor(i / width));
  }
  return {
    left: Math.min(...columns),
    right: Math.max(...columns) + 1,
    top: Math.min(...rows),
    bottom: Math.max(...rows) + 1,
    pixels: columns.length,
  };
}

const kind = ({ prefix }: AugmentedView): "far" | "zoomed" | "full" =>
  FAR.includes(prefix) ? "far" : ZOOM.includes(prefix) ? "zoomed" : "full";

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const sizes = fc.integer({ min: 6, max: 16 }).map((latents) => 8 * latents);

describe("augment", () => {
  it("gives views of the size asked for, with one of five prefixes and a mask that is not empty", () => {
    fc.assert(
      fc.property(seeds, sizes, fc.integer({ min: 1, max: 40 }), (seed, size, side) => {
        const view = augment(ramp(side), size, new Random(seed));
        expect(view.planes).toMatchObject({ width: size, height: size });
        expect(view.planes.data).toHaveLength(3 * size * size);
        expect(view.planes.data.every((x) => x >= -1 && x <= 1)).toBe(true);
        expect(["", ...FAR, ...ZOOM]).toContain(view.prefix);
        expect(view.mask).toHaveLength((size / 8) ** 2);
        expect(view.mask.every((x) => x === 0 || x === 1)).toBe(true);
        expect(view.mask).toContain(1);
        if (kind(view) !== "far") expect(view.mask).not.toContain(0);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("puts a far photo whole on the canvas, and the mask inside it", () => {
    let found = 0;
    fc.assert(
      fc.property(seeds, sizes, (seed, size) => {
        const view = augment(white(9), size, new Random(seed));
        if (kind(view) !== "far") return;
        found++;
        const { left, right, top, bottom, pixels } = pasted(view.planes);
        const scale = right - left;
        expect(bottom - top).toBe(scale);
        expect(pixels).toBe(scale * scale);
        expect(scale % 2).toBe(0);
        expect(scale).toBeGreaterThanOrEqual(Math.floor(size / 3));
        expect(scale).toBeLessThan(0.6 * size);
        const latents = size / 8;
        const outside = view.mask.findIndex((value, i) => {
          const [x, y] = [8 * (i % latents), 8 * Math.floor(i / latents)];
          return value === 1 && (x < left || x + 8 > right || y < top || y + 8 > bottom);
        });
        expect(outside).toBe(-1);
      }),
      { seed: 1, numRuns: 500 },
    );
    // About 27 % of the views.
    expect(found).toBeGreaterThan(80);
  });

  it("erodes the mask by a latent pixel at every edge", () => {
    for (let seed = 0; seed < 30; seed++) {
      const size = 256;
      const view = augment(white(4), size, new Random(seed));
      if (kind(view) !== "far") continue;
      const { left, right, top, bottom } = pasted(view.planes);
      // The authors' [floor(begin / 8) + 1, floor(end / 8) - 1), said of pixels.
      const counts = (begin: number, end: number, pixel: number): boolean =>
        pixel > begin && pixel + 16 <= end;
      const expected = Array.from({ length: 32 * 32 }, (_, i) => {
        const [x, y] = [8 * (i % 32), 8 * Math.floor(i / 32)];
        return counts(left, right, x) && counts(top, bottom, y) ? 1 : 0;
      });
      expect(Array.from(view.mask)).toEqual(expected);
    }
  });

  it("cuts a zoomed view out of the photo at 1.2 to 1.4 times the size", () => {
    const photo = ramp(128);
    let found = 0;
    for (let seed = 0; seed < 60; seed++) {
      const size = 64;
      const view = augment(photo, size, new Random(seed));
      if (kind(view) !== "zoomed") continue;
      found++;
      // The ramp rises by 2 over the whole photo, so the slope of the view tells the scale.
      const [first, last] = [view.planes.data[size / 4]!, view.planes.data[(3 * size) / 4]!];
      const scale = size / Math.abs(last - first);
      // Float32 roundings of the ramp move it by less than .01 %.
      expect(scale).toBeGreaterThan(Math.floor(1.2 * size) * 0.9999);
      expect(scale).toBeLessThan(Math.floor(1.4 * size) * 1.0001);
    }
    expect(found).toBeGreaterThan(10);
  });

  it("fills the view with the whole photo, mirrored or not, where it is neither far nor zoomed", () => {
    const photo = ramp(100);
    const plain = resize(photo, 64, 64, "bicubic").data;
    const mirrored = resize(flipHorizontally(photo), 64, 64, "bicubic").data;
    let found = 0;
    for (let seed = 0; seed < 60; seed++) {
      const view = augment(photo, 64, new Random(seed));
      if (kind(view) !== "full") continue;
      found++;
      expect(view.prefix).toBe("");
      const { data } = view.planes;
      expect(data.every((x, i) => x === (data[0]! < 0 ? plain : mirrored)[i])).toBe(true);
    }
    expect(found).toBeGreaterThan(10);
  });

  it("mirrors, shrinks and enlarges as often as it should, and uses every word", () => {
    const [size, count] = [64, 3000];
    const tally = new Map<string, number>();
    const add = (name: string): void => void tally.set(name, (tally.get(name) ?? 0) + 1);
    for (let seed = 0; seed < count; seed++) {
      const view = augment(ramp(8), size, new Random(seed, "view"));
      add(kind(view));
      add(view.prefix);
      // Some row of the photo is there; the ramp falls where it is mirrored.
      const row = 8 * size * Math.floor(view.mask.indexOf(1) / (size / 8));
      const column = 8 * (view.mask.indexOf(1) % (size / 8));
      const [first, next] = [row + column, row + column + 7].map((i) => view.planes.data[i]!);
      add(next! < first! ? "mirrored" : "as it was");
    }
    const scales = Array.from({ length: size - Math.floor(size / 3) + 1 }, (_, i) => {
      const scale = Math.floor(size / 3) + i;
      return scale + (scale % 2);
    });
    const far = ((2 / 3) * scales.filter((scale) => scale < 0.6 * size).length) / scales.length;
    const odds: [string, number][] = [
      ["mirrored", 1 / 2],
      ["far", far],
      ["full", 2 / 3 - far],
      ["zoomed", 1 / 3],
      ...FAR.map((prefix): [string, number] => [prefix, far / 2]),
      ...ZOOM.map((prefix): [string, number] => [prefix, 1 / 6]),
    ];
    for (const [name, p] of odds) {
      // Four standard errors of a proportion.
      const bound = 4 * Math.sqrt((p * (1 - p)) / count);
      expect(Math.abs((tally.get(name) ?? 0) / count - p), name).toBeLessThan(bound);
    }
  });

  it("reaches all four edges of the canvas", () => {
    const size = 64;
    const reached = { left: false, right: false, top: false, bottom: false };
    for (let seed = 0; seed < 1500; seed++) {
      const view = augment(white(2), size, new Random(seed));
      if (kind(view) !== "far") continue;
      const { left, right, top, bottom } = pasted(view.planes);
      reached.left ||= left === 0;
      reached.right ||= right === size;
      reached.top ||= top === 0;
      reached.bottom ||= bottom === size;
    }
    expect(reached).toEqual({ left: true, right: true, top: true, bottom: true });
  });

  it("gives the same view for a seed, and leaves the photo alone", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const photo = ramp(20);
        const view = augment(photo, 64, new Random(seed));
        expect(augment(photo, 64, new Random(seed))).toEqual(view);
        expect(photo).toEqual(ramp(20));
      }),
      { seed: 1, numRuns: 10 },
    );
  });

  it.each([40, 100])("refuses a size of %i", (size) => {
    expect(() => augment(white(9), size, new Random(1))).toThrow(/multiple of 8 px/);
  });

  it("refuses a photo that is no square", () => {
    const wide = { width: 3, height: 2, data: new Float32Array(18) };
    expect(() => augment(wide, 64, new Random(1))).toThrow("not of 3 x 2 px");
  });
});

describe("plainView", () => {
  it("shows the whole square, counts all of it, and says nothing", () => {
    const view = plainView(ramp(100), 64, false);
    expect(view.planes).toEqual(resize(ramp(100), 64, 64, "bicubic"));
    expect(view.mask).toEqual(new Float32Array(64).fill(1));
    expect(view.prefix).toBe("");
  });

  it("mirrors where asked to", () => {
    const view = plainView(ramp(100), 64, true);
    expect(flipHorizontally(view.planes)).toEqual(plainView(ramp(100), 64, false).planes);
  });
});
