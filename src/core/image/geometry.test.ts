/** @file Crop, mirror, paste and pooling: each where a pixel goes, on images whose pixels say where they were. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { averagePool2x2, crop, flipHorizontally, pasteOnGrey, squareOf } from "./geometry.ts";
import type { Planes } from "./pixels.ts";

/** Every number names its place: channel · 100 + row · 10 + column. */
function places(width: number, height: number): Planes {
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const row = Math.floor(i / width);
    return 100 * Math.floor(row / height) + 10 * (row % height) + (i % width);
  });
  return { width, height, data };
}

/** Rows of the channel. */
function rows({ width, height, data }: Planes, channel: number): number[][] {
  return Array.from({ length: height }, (_, y) => {
    const begin = (channel * height + y) * width;
    return Array.from(data.subarray(begin, begin + width));
  });
}

const sizes = fc.record({
  width: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 9 }),
});

describe("crop", () => {
  it("takes the rectangle out of every channel", () => {
    const part = crop(places(5, 4), { left: 2, top: 1, width: 3, height: 2 });
    expect(rows(part, 0)).toEqual([
      [12, 13, 14],
      [22, 23, 24],
    ]);
    expect(rows(part, 2)).toEqual([
      [212, 213, 214],
      [222, 223, 224],
    ]);
  });

  it.each([
    { left: 3, top: 0, width: 3, height: 1 },
    { left: 0, top: -1, width: 1, height: 1 },
    { left: 0.5, top: 0, width: 1, height: 1 },
  ])("refuses what reaches outside: %o", (rectangle) => {
    expect(() => crop(places(5, 4), rectangle)).toThrow(/do not lie inside 5 x 4 px/);
  });
});

describe("squareOf", () => {
  it("keeps the middle of a wide and of a tall image", () => {
    expect(rows(squareOf(places(5, 2)), 1)).toEqual([
      [101, 102],
      [111, 112],
    ]);
    expect(rows(squareOf(places(2, 6)), 0)).toEqual([
      [20, 21],
      [30, 31],
    ]);
  });

  it("copies a square", () => {
    expect(squareOf(places(4, 4))).toEqual(places(4, 4));
  });
});

describe("flipHorizontally", () => {
  it("mirrors every row of every channel", () => {
    const flipped = flipHorizontally(places(3, 2));
    expect(rows(flipped, 0)).toEqual([
      [2, 1, 0],
      [12, 11, 10],
    ]);
    expect(rows(flipped, 2)[1]).toEqual([212, 211, 210]);
  });

  it("is undone by itself, and leaves its argument alone", () => {
    fc.assert(
      fc.property(sizes, ({ width, height }) => {
        const image = places(width, height);
        expect(flipHorizontally(flipHorizontally(image))).toEqual(image);
        expect(image).toEqual(places(width, height));
      }),
      { seed: 1 },
    );
  });
});

describe("pasteOnGrey", () => {
  it("puts the image where it is told, on zeros", () => {
    const pasted = pasteOnGrey(places(2, 2), { width: 4, height: 3 }, 1, 1);
    expect(rows(pasted, 1)).toEqual([
      [0, 0, 0, 0],
      [0, 100, 101, 0],
      [0, 110, 111, 0],
    ]);
  });

  it("is undone by cropping", () => {
    fc.assert(
      fc.property(sizes, fc.nat(5), fc.nat(5), ({ width, height }, left, top) => {
        const canvas = { width: width + 5, height: height + 5 };
        const pasted = pasteOnGrey(places(width, height), canvas, left, top);
        expect(crop(pasted, { left, top, width, height })).toEqual(places(width, height));
        const sum = (values: Float32Array): number => values.reduce((a, b) => a + b, 0);
        expect(sum(pasted.data)).toBe(sum(places(width, height).data));
      }),
      { seed: 1 },
    );
  });

  it("refuses an image that does not fit", () => {
    expect(() => pasteOnGrey(places(2, 2), { width: 4, height: 3 }, 3, 0)).toThrow(/do not lie/);
  });
});

describe("averagePool2x2", () => {
  it("takes the mean of four", () => {
    const pooled = averagePool2x2(places(4, 2));
    expect(pooled).toMatchObject({ width: 2, height: 1 });
    expect(rows(pooled, 0)).toEqual([[5.5, 7.5]]);
    expect(rows(pooled, 2)).toEqual([[205.5, 207.5]]);
  });

  it("refuses an odd side", () => {
    expect(() => averagePool2x2(places(4, 3))).toThrow(/4 x 3 px cannot be halved/);
  });
});
