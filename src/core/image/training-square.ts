/** @file A photo as training needs it: a square of it, no larger than its views can make use of. */
import { StudioError } from "../errors.ts";
import { toPlanes } from "./convert.ts";
import type { Pixels, Planes } from "./pixels.ts";
import { resizePixels } from "./resize.ts";

/** Views are at most 1.4 times the model's size; twice as much again leaves the resize something to average. */
const MOST = 3;

/** A square part of a picture, in its pixels. */
export interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** The largest square in the middle; of an odd remainder the smaller part is cut off at the left or top. */
export function middleSquare({
  width,
  height,
}: {
  readonly width: number;
  readonly height: number;
}): Square {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

/**
 * Planes of a square of the photo, at most three times `size` a side: a photo of 12 megapixels is 144 MB as planes, and
 * twenty of them are more than a worker can hold.
 *
 * @throws StudioError "internal" where the square reaches outside
 */
export function trainingSquare(
  pixels: Pixels,
  size: number,
  square: Square = middleSquare(pixels),
): Planes {
  const cut = cropPixels(pixels, square);
  const most = MOST * size;
  return square.side <= most ? toPlanes(cut) : resizePixels(cut, most, most, "bicubic");
}

/** Cut while a pixel is three bytes and not twelve. */
function cropPixels({ width, height, data }: Pixels, { left, top, side }: Square): Pixels {
  const whole = [left, top, side].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || side === 0 || left + side > width || top + side > height) {
    throw new StudioError(
      "internal",
      `A square of ${side} px at (${left}, ${top}) does not lie inside ${width} x ${height} px.`,
    );
  }
  if (side === width && side === height) return { width, height, data };
  const cut = new Uint8ClampedArray(3 * side * side);
  for (let y = 0; y < side; y++) {
    const from = 3 * ((top + y) * width + left);
    cut.set(data.subarray(from, from + 3 * side), 3 * side * y);
  }
  return { width: side, height: side, data: cut };
}
