/**
 * @file A 1 x 1 convolution, for sessions whose engine has a function for it, images as planes or as rows of channels:
 *   PointwiseConvolution   x [B, I, ...] or [B, ..., I], [weights (O / 8, I, 8) | bias (O)], what is added or nothing
 *                          y [B, O, ...] or [B, ..., O]
 * Attributes rows_in and rows_out (0 or 1) say that channels come last. O is a multiple of 8; I of 4 where they come last.
 */
import { PANEL } from "../../convolution/winograd.ts";
import { elementCount, sameDims } from "../../tensor/shape.ts";
import { intAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

/** Pixels that are computed together. */
export const PIXELS = 4;

function plan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const [rowsIn, rowsOut] = ["rows_in", "rows_out"].map(
    (name) => intAttribute(s.node, name, 0) !== 0,
  );
  const [images = 0, ...rest] = dims;
  const inputs = (rowsIn === true ? rest.pop() : rest.shift()) ?? 0;
  const outputs = (s.type(1).dims[0] ?? 0) / (inputs + 1);
  const out = rowsOut === true ? [images, ...rest, outputs] : [images, outputs, ...rest];
  const counts = [elementCount(rest) / PIXELS, outputs / PANEL, rowsIn === true ? inputs / 4 : 1];
  if (!counts.every(Number.isInteger) || (s.has(2) && !sameDims(s.type(2).dims, out))) {
    throw new Error(
      `its input of shape ${show(dims)} does not fit weights for ${outputs} channels`,
    );
  }
  return { dtype, dims: out, rowsIn, rowsOut, inputs, outputs, pixels: elementCount(rest) };
}

export const POINTWISE = {
  PointwiseConvolution: operator(
    plan,
    ({ dims, rowsIn, rowsOut, inputs, outputs, pixels }, context) => {
      const [x, weights] = [context.input(0).data, context.input(1).data] as const;
      return Float64Array.from({ length: elementCount(dims) }, (_, at) => {
        const image = Math.floor(at / (pixels * outputs));
        const inImage = at % (pixels * outputs);
        const o = rowsOut === true ? inImage % outputs : Math.floor(inImage / pixels);
        const pixel = rowsOut === true ? Math.floor(inImage / outputs) : inImage % pixels;
        let sum = weights[inputs * outputs + o]!;
        for (let i = 0; i < inputs; i++) {
          const channel = rowsIn === true ? pixel * inputs + i : i * pixels + pixel;
          const weight = weights[(Math.floor(o / PANEL) * inputs + i) * PANEL + (o % PANEL)]!;
          sum += x[image * inputs * pixels + channel]! * weight;
        }
        return sum + (context.has(2) ? context.input(2).data[at]! : 0);
      });
    },
  ),
} satisfies Record<string, OperatorDefinition>;
