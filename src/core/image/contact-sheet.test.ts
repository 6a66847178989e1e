/** @file The contact sheet: where every picture stands. */
import { describe, expect, it } from "vitest";
import { contactSheet } from "./contact-sheet.ts";
import type { Pixels } from "./pixels.ts";

function grey(width: number, height: number, value: number): Pixels {
  return { width, height, data: new Uint8ClampedArray(3 * width * height).fill(value) };
}

/** Rows of the red channel. */
function red({ width, height, data }: Pixels): number[][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => data[3 * (y * width + x)]!),
  );
}

/** Columns or rows that hold the value. */
function span(
  lines: readonly (readonly number[])[],
  value: number,
): [number, number, number, number] {
  const ys = lines.flatMap((line, y) => (line.includes(value) ? [y] : []));
  const xs = lines.flatMap((line) => line.flatMap((v, x) => (v === value ? [x] : [])));
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
}

describe("contactSheet", () => {
  it("sets pictures in rows with white between them", () => {
    const sheet = contactSheet([grey(3, 2, 10), grey(3, 2, 20), grey(3, 2, 30)], 2);
    expect(sheet).toMatchObject({ width: 2 * 3 + 3 * 4, height: 2 * 2 + 3 * 4 });
    const lines = red(sheet);
    expect(span(lines, 10)).toEqual([4, 6, 4, 5]);
    expect(span(lines, 20)).toEqual([11, 13, 4, 5]);
    expect(span(lines, 30)).toEqual([4, 6, 10, 11]);
    const covered = sheet.data.filter((value) => value !== 255);
    expect(covered).toHaveLength(3 * 3 * 2 * 3);
  });

  it("stands a smaller picture in the middle of its cell, and makes no empty columns", () => {
    const sheet = contactSheet([grey(5, 5, 10), grey(1, 3, 20)], 9);
    expect(sheet).toMatchObject({ width: 2 * 5 + 3 * 4, height: 5 + 2 * 4 });
    expect(span(red(sheet), 20)).toEqual([15, 15, 5, 7]);
  });

  it.each([
    { images: [], columns: 2 },
    { images: [grey(1, 1, 1)], columns: 0 },
  ])("refuses $images.length pictures in $columns columns", ({ images, columns }) => {
    expect(() => contactSheet(images, columns)).toThrow(/make no contact sheet/);
  });
});
