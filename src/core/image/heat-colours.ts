/**
 * @file Heat maps in colours: viridis (van der Walt & Smith, matplotlib, CC0), whose lightness rises evenly with the value,
 * so that people who see no red or green, and prints without colour, show the same order.
 */
import type { Pixels } from "./pixels.ts";
import { type Plane, upsample } from "./upsample.ts";

/** Eleven colours of viridis, a tenth of the scale apart; between them colours are mixed. */
const VIRIDIS = [
  [68, 1, 84],
  [72, 37, 118],
  [65, 68, 135],
  [53, 96, 141],
  [42, 120, 142],
  [33, 144, 140],
  [34, 168, 132],
  [67, 191, 113],
  [122, 209, 81],
  [187, 223, 39],
  [253, 231, 37],
] as const;

/** What a map's lightest colour stands for: its largest value. The darkest stands for 0 in every map. */
export function highestHeat(heat: ArrayLike<number>): number {
  let highest = 0;
  for (let i = 0; i < heat.length; i++) highest = Math.max(highest, heat[i]!);
  return highest;
}

/** The colour of a value from 0 to 1, in 0 … 255. */
export function heatColour(share: number): readonly [red: number, green: number, blue: number] {
  // Nothing of nothing is nothing.
  const at = Math.min(1, Math.max(0, share || 0)) * (VIRIDIS.length - 1);
  const below = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const [from, to] = [VIRIDIS[below]!, VIRIDIS[below + 1]!];
  const mixed = (channel: 0 | 1 | 2): number =>
    from[channel] + (at - below) * (to[channel] - from[channel]);
  return [mixed(0), mixed(1), mixed(2)];
}

/** The map in colours, RGBA, row by row; opaque. */
export function paintHeat(heat: ArrayLike<number>): Uint8ClampedArray<ArrayBuffer> {
  const highest = highestHeat(heat);
  const rgba = new Uint8ClampedArray(4 * heat.length).fill(255);
  for (let i = 0; i < heat.length; i++) rgba.set(heatColour(heat[i]! / highest), 4 * i);
  return rgba;
}

/** The picture with the map over it. @param opacity of the map, 0 … 1 */
export function overlayHeat(picture: Pixels, map: Plane, opacity: number): Pixels {
  const { width, height } = picture;
  const highest = highestHeat(map.data);
  const large = upsample(map, width, height);
  const data = new Uint8ClampedArray(picture.data.length);
  large.forEach((value, i) => {
    heatColour(value / highest).forEach((colour, channel) => {
      const at = 3 * i + channel;
      data[at] = (1 - opacity) * picture.data[at]! + opacity * colour;
    });
  });
  return { width, height, data };
}
