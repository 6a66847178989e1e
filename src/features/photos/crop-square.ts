/** @file Between the percentages that the crop dialog speaks of and squares in a photo's pixels. */
import type { Square } from "../../core/image/training-square.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of the photo's width and height. */
export interface Percentages {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The square that is nearest to the percentages, inside the photo. */
export function squareFrom({ x, y, width }: Percentages, photo: Size): Square {
  const most = Math.min(photo.width, photo.height);
  const side = clamp(Math.round((width / 100) * photo.width), 1, most);
  return {
    left: clamp(Math.round((x / 100) * photo.width), 0, photo.width - side),
    top: clamp(Math.round((y / 100) * photo.height), 0, photo.height - side),
    side,
  };
}

export function percentagesOf({ left, top, side }: Square, photo: Size): Percentages {
  return {
    x: (100 * left) / photo.width,
    y: (100 * top) / photo.height,
    width: (100 * side) / photo.width,
    height: (100 * side) / photo.height,
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
