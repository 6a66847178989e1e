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
