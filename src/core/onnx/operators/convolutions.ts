/**
 * @file 3 x 3 convolutions with one pixel of zeros around, and 1 x 1 convolutions, for sessions whose engine has functions
 * for them, all with y [B, O, H, W]:
 *   WinogradConvolution   x [B, I, H, W], [transformed weights (36 O I) | bias (O)], what is added or nothing
 *   DirectConvolution     x [B, I, H, W], [weights (O / 8, 9 I, 8) | bias (O)], what is added or nothing
 *   PointwiseConvolution  x [B, I, H, W], [weights (O / 8, I, 8) | bias (O)], what is added or nothing; x is [B, H, W, I]
 *                         where rows_in is 1, and y [B, H, W, O] where rows_out is, to which nothing is added
 * What is added is [B, O, H, W] or [B, O, 1, 1].
 * O is a multiple of 8; W is one of 4, and H and W are multiples of 8 for Winograd's (core/convolution/winograd.ts).
 */
import {
  bothSides,
  INPUT_TRANSFORM,
  OUTPUT_TRANSFORM,
  PANEL,
  POINTS,
  TILE,
} from "../../convolution/winograd.ts";
import { type Dims, elementCount, sameDims } from "../../tensor/shape.ts";
import { intAttribute } from "../attributes.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

/** Side of the squares that images are cut into: two by two tiles. */
export const GROUP_SIDE = 2 * TILE;

/** Pixels of a row that are computed together without tiles. */
export const GROUP_WIDTH = 4;
const TAPS = 9;

/** @param weights numbers that one input channel has for one output channel */
function plan(s: Settings, weights: number, groupHeight: number, groupWidth: number) {
  const { dtype, dims } = s.type(0);
  const [images = 0, inputs = 0, height = 0, width = 0] = dims;
  const outputs = (s.type(1).dims[0] ?? 0) / (weights * inputs + 1);
  const counts = [height / groupHeight, width / groupWidth, outputs / PANEL];
  const out = [images, outputs, height, width];
  const added = s.has(2) ? s.type(2).dims : out;
  const adds = sameDims(added, out) || sameDims(added, [images, outputs, 1, 1]);
  if (!counts.every(Number.isInteger) || !adds) {
    throw new Error(
      `its input of shape ${show(dims)} does not fit weights for ${outputs} channels`,
    );
  }
  return { dtype, dims: out, inputs };
}

function planPointwise(s: Settings) {
  const { dtype, dims } = s.type(0);
  const [rowsIn, rowsOut] = ["rows_in", "rows_out"].map(
    (name) => intAttribute(s.node, name, 0) === 1,
  ) as [boolean, boolean];
  const [images = 0, ...rest] = dims;
  const [inputs = 0, height = 0, width = 0] = rowsIn ? [rest[2], rest[0], rest[1]] : rest;
  const outputs = (s.type(1).dims[0] ?? 0) / (inputs + 1);
  const pixels = height * width;
  const out = rowsOut ? [images, height, width, outputs] : [images, outputs, height, width];
  const counts = [pixels / GROUP_WIDTH, outputs / PANEL, rowsIn ? inputs / 4 : 1];
  const allowed = rowsOut ? [] : [out, [images, outputs, 1, 1]];
  const adds = !s.has(2) || allowed.some((one) => sameDims(s.type(2).dims, one));
  if (!counts.every(Number.isInteger) || !adds) {
    throw new Error(
      `its input of shape ${show(dims)} does not fit weights for ${outputs} channels`,
    );
  }
  return { dtype, dims: out, inputs, outputs, pixels, rowsIn, rowsOut };
}

/** What is added to number `at` of the output. */
function addedAt(at: number, dims: Dims, context: EvaluateContext): number {
  if (!context.has(2)) return 0;
  const { data } = context.input(2);
  return data[Math.floor((at * data.length) / elementCount(dims))]!;
}

export const CONVOLUTIONS = {
  WinogradConvolution: operator(
    (s) => plan(s, POINTS ** 2, GROUP_SIDE, GROUP_SIDE),
    ({ dims, inputs }, context) => {
      const [images = 0, outputs = 0, height = 0, width = 0] = dims;
      const [x, weights] = [context.input(0).data, context.input(1).data] as const;
      const y = new Float64Array(images * outputs * height * width);
      const patch = new Float64Array(POINTS ** 2);
      for (let image = 0; image < images; image++) {
        for (let top = 0; top < height; top += TILE) {
          for (let left = 0; left < width; left += TILE) {
            const transformed = Array.from({ length: inputs }, (_, channel) => {
              const plane = (image * inputs + channel) * height * width;
              for (let i = 0; i < POINTS ** 2; i++) {
                const [row, column] = [top + Math.floor(i / POINTS) - 1, left + (i % POINTS) - 1];
                const inside = row >= 0 && column >= 0 && row < height && column < width;
                patch[i] = inside ? x[plane + row * width + column]! : 0;
              }
              return bothSides(INPUT_TRANSFORM, patch, POINTS);
            });
            for (let o = 0; o < outputs; o++) {
              const products = patch.map((_, point) => {
                const first = (Math.floor(o / PANEL) * POINTS ** 2 + point) * inputs;
                return transformed.reduce(
                  (sum, v, i) => sum + v[point]! * weights[(first + i) * PANEL + (o % PANEL)]!,
                  0,
                );
              });
              const bias = weights[POINTS ** 2 * outputs * inputs + o]!;
              bothSides(OUTPUT_TRANSFORM, products, POINTS).forEach((value, i) => {
                const row = top + Math.floor(i / TILE);
                const at = (image * outputs + o) * height * width + row * width + left + (i % TILE);
                y[at] = value + bias + addedAt(at, dims, context);
              });
            }
          }
        }
      }
      return y;
    },
  ),
  DirectConvolution: operator(
    (s) => plan(s, TAPS, 1, GROUP_WIDTH),
    ({ dims, inputs }, context) => {
      const [, outputs = 0, height = 0, width = 0] = dims;
      const [x, weights] = [context.input(0).data, context.input(1).data] as const;
      const pixels = height * width;
      return Float64Array.from({ length: elementCount(dims) }, (_, at) => {
        const [image, o] = [Math.floor(at / pixels / outputs), Math.floor(at / pixels) % outputs];
        const [row, column] = [Math.floor((at % pixels) / width), at % width];
        let sum = weights[TAPS * inputs * outputs + o]!;
        for (let tap = 0; tap < TAPS * inputs; tap++) {
          const [y, z] = [row + Math.floor((tap % TAPS) / 3) - 1, column + (tap % 3) - 1];
          if (y < 0 || z < 0 || y >= height || z >= width) continue;
          const plane = (image * inputs + Math.floor(tap / TAPS)) * pixels;
          const panel = Math.floor(o / PANEL) * TAPS * inputs + tap;
          sum += x[plane + y * width + z]! * weights[panel * PANEL + (o % PANEL)]!;
        }
        return sum + addedAt(at, dims, context);
      });
    },
  ),
  PointwiseConvolution: operator(
    planPointwise,
    ({ inputs, outputs, pixels, rowsIn, rowsOut, dims }, context) => {
      const [x, weights] = [context.input(0).data, context.input(1).data] as const;
      const y = new Float64Array(elementCount(dims));
      for (let image = 0; image < (dims[0] ?? 0); image++) {
        const place = (rows: boolean, channels: number, channel: number, pixel: number): number =>
          rows
            ? (image * pixels + pixel) * channels + channel
            : (image * channels + channel) * pixels + pixel;
        for (let pixel = 0; pixel < pixels; pixel++) {
          for (let o = 0; o < outputs; o++) {
            let sum = weights[inputs * outputs + o]!;
            for (let i = 0; i < inputs; i++) {
              const weight = (Math.floor(o / PANEL) * inputs + i) * PANEL + (o % PANEL);
              sum += x[place(rowsIn, inputs, i, pixel)]! * weights[weight]!;
            }
            const at = place(rowsOut, outputs, o, pixel);
            y[at] = sum + addedAt(at, dims, context);
          }
        }
      }
      return y;
    },
  ),
} satisfies Record<string, OperatorDefinition>;
