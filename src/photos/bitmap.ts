/** @file From a decoded picture to pixels and smaller pictures, transparency on white. */
import { StudioError } from "../core/errors.ts";
import type { Pixels } from "../core/image/pixels.ts";
import type { Square } from "../core/image/training-square.ts";

const PREVIEW_SIDE = 1280;
/** Rows that are on a canvas at one time: phones limit a canvas to fewer pixels than a photo may have. */
const BAND = 512;

/** The pixels of a square of the picture, exactly as they were decoded. */
export function readSquare(bitmap: ImageBitmap, { left, top, side }: Square): Pixels {
  const data = new Uint8ClampedArray(3 * side * side);
  const { canvas, context } = whiteCanvas(side, Math.min(BAND, side));
  for (let y = 0; y < side; y += BAND) {
    const rows = Math.min(BAND, side - y);
    context.fillRect(0, 0, side, rows);
    context.drawImage(bitmap, left, top + y, side, rows, 0, 0, side, rows);
    copyRgb(context.getImageData(0, 0, side, rows).data, data.subarray(3 * side * y));
  }
  release(canvas);
  return { width: side, height: side, data };
}

/** The whole picture as a JPEG, at most 1280 px a side. */
export async function previewOf(bitmap: ImageBitmap): Promise<Blob> {
  const scale = Math.min(1, PREVIEW_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const { canvas, context } = whiteCanvas(width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  release(canvas);
  return jpeg;
}

/**
 * Whether each of 8 x 8 places is darker than the one to its right, as 16 hexadecimal digits: pictures that look alike
 * differ in few of these bits ("difference hash").
 */
export function likenessOf(bitmap: ImageBitmap): string {
  const { canvas, context } = whiteCanvas(9, 8);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, 9, 8);
  const { data } = context.getImageData(0, 0, 9, 8);
  release(canvas);
  const grey = (x: number, y: number): number => {
    const [r = 0, g = 0, b = 0] = data.subarray(4 * (9 * y + x));
    return 0.299 * r + 0.587 * g + 0.114 * b;
  };
  const rows = Array.from({ length: 8 }, (_, y) => {
    let bits = 0;
    for (let x = 0; x < 8; x++) bits = 2 * bits + (grey(x, y) < grey(x + 1, y) ? 1 : 0);
    return bits.toString(16).padStart(2, "0");
  });
  return rows.join("");
}

function whiteCanvas(width: number, height: number) {
  const canvas = new OffscreenCanvas(width, height);
  // Its pixels are wanted here and not on the GPU.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new StudioError("internal", "The browser gave no canvas to read a photo with.");
  }
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  return { canvas, context };
}

/** Some browsers keep a canvas's memory for a while after nobody holds it. */
function release(canvas: OffscreenCanvas): void {
  canvas.width = 0;
  canvas.height = 0;
}

function copyRgb(rgba: Uint8ClampedArray, rgb: Uint8ClampedArray): void {
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
}
