/** @file Moving pixels about without resampling: crop, mirror, paste; and halving by averages. */
import { StudioError } from "../errors.ts";
import type { Planes } from "./pixels.ts";

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A part of the image.
 *
 * @throws StudioError "internal" where it reaches outside
 */
export function crop(image: Planes, { left, top, width, height }: Rectangle): Planes {
  requireInside(image, { left, top, width, height });
  const data = new Float32Array(3 * width * height);
  for (let row = 0; row < 3 * height; row++) {
    const channel = Math.floor(row / height);
    const from = (channel * image.height + top + (row % height)) * image.width + left;
    data.set(image.data.subarray(from, from + width), row * width);
  }
  return { width, height, data };
}

/** The largest square in the middle; of an odd remainder the smaller part is cut off at the left or top. */
export function squareOf(image: Planes): Planes {
  const side = Math.min(image.width, image.height);
  return crop(image, {
    left: Math.floor((image.width - side) / 2),
    top: Math.floor((image.height - side) / 2),
    width: side,
    height: side,
  });
}

/** Mirrored left to right. */
export function flipHorizontally({ width, height, data }: Planes): Planes {
  const mirrored = data.slice();
  for (let row = 0; row < 3 * height; row++) {
    mirrored.subarray(row * width, (row + 1) * width).reverse();
  }
  return { width, height, data: mirrored };
}

/**
 * The image on a mid-grey (0) canvas, its top left corner at (left, top).
 *
 * @throws StudioError "internal" where it reaches outside
 */
export function pasteOnGrey(
  image: Planes,
  canvas: { readonly width: number; readonly height: number },
  left: number,
  top: number,
): Planes {
  requireInside(canvas, { left, top, width: image.width, height: image.height });
  const data = new Float32Array(3 * canvas.width * canvas.height);
  for (let row = 0; row < 3 * image.height; row++) {
    const channel = Math.floor(row / image.height);
    const y = channel * canvas.height + top + (row % image.height);
    data.set(
      image.data.subarray(row * image.width, (row + 1) * image.width),
      y * canvas.width + left,
    );
  }
  return { width: canvas.width, height: canvas.height, data };
}

/**
 * Half the size, each result the mean of 2 x 2: torch's `avg_pool2d(2)`.
 *
 * @throws StudioError "internal" where a side is odd
 */
export function averagePool2x2({ width, height, data }: Planes): Planes {
  if (width % 2 !== 0 || height % 2 !== 0) {
    throw new StudioError("internal", `${width} x ${height} px cannot be halved: a side is odd.`);
  }
  const half = width / 2;
  const pooled = new Float32Array(data.length / 4);
  for (let i = 0; i < pooled.length; i++) {
    // Planes follow each other with an even number of rows, so that pairs of rows never cross them.
    const at = 2 * Math.floor(i / half) * width + 2 * (i % half);
    pooled[i] = (data[at]! + data[at + 1]! + data[at + width]! + data[at + width + 1]!) / 4;
  }
  return { width: half, height: height / 2, data: pooled };
}

function requireInside(
  outer: { readonly width: number; readonly height: number },
  { left, top, width, height }: Rectangle,
): void {
  const whole = [left, top, width, height].every(Number.isInteger);
  const inside =
    left >= 0 && top >= 0 && left + width <= outer.width && top + height <= outer.height;
  if (whole && inside) return;
  throw new StudioError(
    "internal",
    `${width} x ${height} px at (${left}, ${top}) do not lie inside ${outer.width} x ${outer.height} px.`,
  );
}
