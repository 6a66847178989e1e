/** @file Photos are cut to their middle square, and made smaller only where they are much larger than any view. */
import { expect, it } from "vitest";
import { toPlanes } from "./convert.ts";
import { squareOf } from "./geometry.ts";
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
