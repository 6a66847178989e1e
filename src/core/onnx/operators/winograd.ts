/**
 * @file A 3 x 3 convolution with one pixel of zeros around, by Winograd's algorithm (core/convolution/winograd.ts):
 *   WinogradConvolution   x [B, I, H, W], [transformed weights (36 O I) | bias (O)], what is added [B, O, H, W] or nothing
 *                         y [B, O, H, W]
 * H, W and O are multiples of 8.
 */
import {
  bothSides,
  INPUT_TRANSFORM,
  OUTPUT_TRANSFORM,
  PANEL,
  POINTS,
  TILE,
} from "../../convolution/winograd.ts";
import { sameDims } from "../../tensor/shape.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

/** Side of the squares that images are cut into: two by two tiles. */
export const GROUP_SIDE = 2 * TILE;

function plan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const [images = 0, inputs = 0, height = 0, width = 0] = dims;
  const outputs = (s.type(1).dims[0] ?? 0) / (POINTS ** 2 * inputs + 1);
  const whole = [height / GROUP_SIDE, width / GROUP_SIDE, outputs / PANEL].every(Number.isInteger);
  const out = [images, outputs, height, width];
  if (!whole || (s.has(2) && !sameDims(s.type(2).dims, out))) {
    throw new Error(
      `its input of shape ${show(dims)} does not fit weights for ${outputs} channels`,
    );
  }
  return { dtype, dims: out, inputs };
}

export const WINOGRAD = {
  WinogradConvolution: operator(plan, ({ dims, inputs }, context) => {
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
              y[at] = value + bias + (context.has(2) ? context.input(2).data[at]! : 0);
            });
          }
        }
      }
    }
    return y;
  }),
} satisfies Record<string, OperatorDefinition>;
