/** @file Many pictures as one, in rows. */
import { StudioError } from "../errors.ts";
import type { Pixels } from "./pixels.ts";

/** White between pictures and around them, in pixels. */
const GAP = 4;

/**
 * `columns` pictures a row on white; all cells have the size of the largest picture, smaller ones stand in the middle.
 *
 * @throws StudioError "internal" where there is no picture or no column
 */
export function contactSheet(images: readonly Pixels[], columns: number): Pixels {
  if (images.length === 0 || !Number.isInteger(columns) || columns < 1) {
    throw new StudioError(
      "internal",
      `${images.length} pictures in ${columns} columns make no contact sheet.`,
    );
  }
  const across = Math.min(columns, images.length);
  const down = Math.ceil(images.length / across);
  const cellWidth = Math.max(...images.map(({ width }) => width));
  const cellHeight = Math.max(...images.map(({ height }) => height));
  const width = across * (cellWidth + GAP) + GAP;
  const height = down * (cellHeight + GAP) + GAP;
  const data = new Uint8ClampedArray(3 * width * height).fill(255);
  images.forEach((image, i) => {
    const column = i % across;
    const row = Math.floor(i / across);
    const left = GAP + column * (cellWidth + GAP) + Math.floor((cellWidth - image.width) / 2);
    const top = GAP + row * (cellHeight + GAP) + Math.floor((cellHeight - image.height) / 2);
    for (let y = 0; y < image.height; y++) {
      const line = image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width);
      data.set(line, 3 * ((top + y) * width + left));
    }
  });
  return { width, height, data };
}
