/** @file Between 8-bit pixels and the numbers that a VAE reads and writes. */
import type { Pixels, Planes } from "./pixels.ts";

/** 0 … 255 becomes -1 … 1, interleaved becomes planar. */
export function toPlanes({ width, height, data }: Pixels): Planes {
  const area = width * height;
  const planes = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      planes[channel * area + i] = data[3 * i + channel]! / 127.5 - 1;
    }
  }
  return { width, height, data: planes };
}

/**
 * -1 … 1 becomes 0 … 255: what lies outside is clamped, and ties go to the even number, as in numpy and therefore in
 * diffusers' `VaeImageProcessor`. Mid-grey, 0, becomes 128.
 */
export function toPixels({ width, height, data }: Planes): Pixels {
  const area = width * height;
  // Clamping and rounding half to even is what storing into this kind of array does.
  const pixels = new Uint8ClampedArray(3 * area);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[3 * i + channel] = (data[channel * area + i]! / 2 + 0.5) * 255;
    }
  }
  return { width, height, data: pixels };
}
