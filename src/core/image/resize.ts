/** @file Resampling with antialiasing, as Pillow and torch do it: when shrinking, the filter widens with the reduction. */
import { toPlanes } from "./convert.ts";
import type { Pixels, Planes } from "./pixels.ts";

/** "bicubic" is the cubic convolution with a = -0.5, Pillow's and torch's with antialiasing. */
export type ResizeFilter = "bilinear" | "bicubic";

/**
 * The whole image at another size; results are clamped to [-1, 1], because bicubic overshoots at edges.
 *
 * The same as torch `interpolate(antialias=True, align_corners=False)` and Pillow's `resize` on floats.
 */
export function resize(image: Planes, width: number, height: number, filter: ResizeFilter): Planes {
  const narrowed = resizeRows(image, taps(image.width, width, filter));
  return {
    width,
    height,
    data: resizeColumns(narrowed, image.height, width, taps(image.height, height, filter)),
  };
}

/** Rows that are planes at one time. */
const BAND = 256;

/**
 * As {@link resize} of all of it as planes, which take twelve bytes a pixel; here only some rows at a time are.
 */
export function resizePixels(
  pixels: Pixels,
  width: number,
  height: number,
  filter: ResizeFilter,
): Planes {
  const across = taps(pixels.width, width, filter);
  const narrowed = new Float32Array(3 * pixels.height * width);
  for (let top = 0; top < pixels.height; top += BAND) {
    const rows = Math.min(BAND, pixels.height - top);
    const data = pixels.data.subarray(3 * pixels.width * top, 3 * pixels.width * (top + rows));
    const band = resizeRows(toPlanes({ width: pixels.width, height: rows, data }), across);
    for (let channel = 0; channel < 3; channel++) {
      const rowsOfChannel = band.subarray(channel * rows * width, (channel + 1) * rows * width);
      narrowed.set(rowsOfChannel, (channel * pixels.height + top) * width);
    }
  }
  const down = taps(pixels.height, height, filter);
  return { width, height, data: resizeColumns(narrowed, pixels.height, width, down) };
}

/** What each of `out` results takes from a line of inputs: `weights[i * most + k]` of input `first[i] + k`. */
interface Taps {
  readonly out: number;
  readonly most: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Float64Array;
}

function taps(from: number, out: number, filter: ResizeFilter): Taps {
  const { radius, kernel } = FILTERS[filter];
  const step = from / out;
  const widening = Math.max(1, step);
  const reach = radius * widening;
  const most = 2 * Math.ceil(reach) + 1;
  const first = new Int32Array(out);
  const count = new Int32Array(out);
  const weights = new Float64Array(out * most);
  for (let i = 0; i < out; i++) {
    const centre = (i + 0.5) * step;
    const begin = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    let sum = 0;
    for (let x = begin; x < end; x++) {
      const weight = kernel(Math.abs((x + 0.5 - centre) / widening));
      weights[i * most + x - begin] = weight;
      sum += weight;
    }
    for (let k = i * most; k < i * most + end - begin; k++) weights[k]! /= sum;
    first[i] = begin;
    count[i] = end - begin;
  }
  return { out, most, first, count, weights };
}

/** Kernels on distances, zero from `radius` on. */
const FILTERS = {
  bilinear: { radius: 1, kernel: (x: number) => Math.max(0, 1 - x) },
  bicubic: {
    radius: 2,
    kernel: (x: number) => {
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
};

/** [3, height, width] to [3, height, out], not yet clamped. */
function resizeRows({ width, height, data }: Planes, { out, most, first, count, weights }: Taps) {
  const result = new Float32Array(3 * height * out);
  for (let row = 0; row < 3 * height; row++) {
    for (let i = 0; i < out; i++) {
      const begin = row * width + first[i]!;
      let sum = 0;
      for (let k = 0; k < count[i]!; k++) sum += weights[i * most + k]! * data[begin + k]!;
      result[row * out + i] = sum;
    }
  }
  return result;
}

/** [3, height, width] to [3, out, width], clamped. */
function resizeColumns(
  data: Float32Array,
  height: number,
  width: number,
  { out, most, first, count, weights }: Taps,
): Float32Array {
  const result = new Float32Array(3 * out * width);
  const sums = new Float64Array(width);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < out; i++) {
      sums.fill(0);
      for (let k = 0; k < count[i]!; k++) {
        const weight = weights[i * most + k]!;
        const begin = (channel * height + first[i]! + k) * width;
        for (let x = 0; x < width; x++) sums[x]! += weight * data[begin + x]!;
      }
      const begin = (channel * out + i) * width;
      for (let x = 0; x < width; x++) result[begin + x] = Math.min(1, Math.max(-1, sums[x]!));
    }
  }
  return result;
}
