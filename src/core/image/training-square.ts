/** @file A photo as training needs it: its middle square, no larger than its views can make use of. */
import { toPlanes } from "./convert.ts";
import type { Pixels, Planes } from "./pixels.ts";
import { resize } from "./resize.ts";

/** Views are at most 1.4 times the model's size; twice as much again leaves the resize something to average. */
const MOST = 3;

/**
 * Planes of the middle square, at most three times `size` a side: a photo of 12 megapixels is 144 MB as planes, and
 * twenty of them are more than a worker can hold.
 */
export function trainingSquare(pixels: Pixels, size: number): Planes {
  const side = Math.min(pixels.width, pixels.height);
  const square = cropPixels(pixels, side);
  const planes = toPlanes(square);
  return side <= MOST * size ? planes : resize(planes, MOST * size, MOST * size, "bicubic");
}

/** The middle square, cut while a pixel is three bytes and not twelve. */
function cropPixels({ width, height, data }: Pixels, side: number): Pixels {
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const cut = new Uint8ClampedArray(3 * side * side);
  for (let y = 0; y < side; y++) {
    const from = 3 * ((top + y) * width + left);
    cut.set(data.subarray(from, from + 3 * side), 3 * side * y);
  }
  return { width: side, height: side, data: cut };
}
