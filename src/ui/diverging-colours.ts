/** @file A diverging colour map: blue below zero, light grey at zero, red above. */

type Rgb = readonly [number, number, number];

/**
 * From the most negative value to the most positive one. Lightness falls evenly on both sides of
 * zero, and blue against red stays apart in the common kinds of colour blindness.
 */
const STOPS: readonly [Rgb, Rgb, Rgb, Rgb, Rgb, Rgb, Rgb] = [
  [12, 48, 110],
  [44, 116, 182],
  [146, 191, 222],
  [242, 242, 242],
  [240, 163, 128],
  [200, 64, 60],
  [107, 6, 32],
];

/** The colour of `value` on a scale from `-limit` to `limit`; what lies outside takes the end's. */
export function divergingColour(value: number, limit: number): Rgb {
  const last = STOPS.length - 1;
  const position = Math.min(Math.max(value / limit, -1), 1);
  const scaled = ((Number.isNaN(position) ? 0 : position) + 1) * 0.5 * last;
  const below = Math.min(Math.floor(scaled), last - 1);
  const [from, to] = [STOPS[below] ?? STOPS[3], STOPS[below + 1] ?? STOPS[3]];
  const part = scaled - below;
  const mix = (a: number, b: number): number => Math.round(a + (b - a) * part);
  return [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2])];
}

/** The same map as a CSS gradient, from negative on the left to positive on the right. */
export const divergingGradient = `linear-gradient(to right, ${STOPS.map(
  ([red, green, blue]) => `rgb(${red.toString()} ${green.toString()} ${blue.toString()})`,
).join(", ")})`;

/** Opaque RGBA pixels of `values`, in the same order. */
export function paintDiverging(
  values: Float32Array,
  limit: number,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(values.length * 4);
  values.forEach((value, index) => {
    pixels.set([...divergingColour(value, limit), 255], index * 4);
  });
  return pixels;
}
