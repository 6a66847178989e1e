/** @file Photos are cut to a square, in the middle or where asked, and made smaller only where they are much larger than any view. */
import { expect, it } from "vitest";
import { toPlanes } from "./convert.ts";
import { crop, squareOf } from "./geometry.ts";
import type { Pixels } from "./pixels.ts";
import { resize } from "./resize.ts";
import { trainingSquare } from "./training-square.ts";

function photo(width: number, height: number): Pixels {
  const data = Uint8ClampedArray.from({ length: 3 * width * height }, (_, i) => (i * 37) % 256);
  return { width, height, data };
}

it.each([
  [40, 31],
  [31, 40],
  [48, 48],
])("keeps every pixel of the middle square of %d x %d", (width, height) => {
  const pixels = photo(width, height);
  expect(trainingSquare(pixels, 16)).toEqual(squareOf(toPlanes(pixels)));
});

it("reduces what is more than three times the model's size", () => {
  const pixels = photo(130, 100);
  const expected = resize(squareOf(toPlanes(pixels)), 48, 48, "bicubic");
  expect(trainingSquare(pixels, 16)).toEqual(expected);
});

it("cuts where it is asked to", () => {
  const pixels = photo(130, 400);
  const part = crop(toPlanes(pixels), { left: 7, top: 90, width: 120, height: 120 });
  const square = { left: 7, top: 90, side: 120 };
  expect(trainingSquare(pixels, 40, square)).toEqual(part);
  expect(trainingSquare(pixels, 16, square)).toEqual(resize(part, 48, 48, "bicubic"));
});

it("reduces a tall picture, band by band, to what it is at once", () => {
  const pixels = photo(600, 600);
  expect(trainingSquare(pixels, 11)).toEqual(resize(toPlanes(pixels), 33, 33, "bicubic"));
});

it.each([
  { left: -1, top: 0, side: 4 },
  { left: 0, top: 7, side: 4 },
  { left: 0, top: 0, side: 0 },
  { left: 0.5, top: 0, side: 4 },
])("refuses a square outside: %o", (square) => {
  expect(() => trainingSquare(photo(10, 10), 16, square)).toThrow("does not lie inside");
});
