/** @file A picture in memory: RGB, 8 bits a channel, or the numbers in [-1, 1] that a VAE reads. */

/** Interleaved RGB, row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** width · height · 3 bytes. */
  readonly data: Uint8ClampedArray;
}

/** Planar RGB [3, height, width] in [-1, 1]. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Pictures with more are refused before they are decoded: a small file can claim any size. */
export const MOST_PIXELS = 100e6;
