/** @file Gradient of nearest-neighbour upsampling by whole factors: the sum of each block of equal pixels. */
import {
  type Attribute,
  int,
  ints,
  intsAttribute,
  stringAttribute,
} from "../../onnx/attributes.ts";
import { elementCount } from "../../tensor/shape.ts";
import { refuse, type RuleContext, type VjpRule } from "../rule.ts";

/**
 * Resize (nearest)   Y[b, c, i, j] = X[b, c, ⌊i/k⌋, ⌊j/k'⌋]      X [B, C, H, W'], Y [B, C, k H, k' W']
 *   dX[b, c, u, v] = Σ of dY over the k × k' block of pixel (u, v) = k k' AveragePool(dY)
 * Pooling is one kernel in both execution providers; a ReduceSum over two axes that are not neighbours is not.
 */
export const resize: VjpRule = (context) => {
  const { make, emit, dY, input } = context;
  const from = make.dims(input(0));
  if (from.length !== 4) refuse("only resizing over two axes is differentiated");
  const factors = make.dims(dY).map((d, axis) => d / from[axis]!);
  factors.forEach((factor, axis) => {
    const repeats = Number.isInteger(factor) && repeatsEach(context, from[axis]!, factor, axis);
    if (!repeats || (axis < 2 && factor !== 1)) {
      refuse("only repeating every pixel a whole number of times is differentiated");
    }
  });
  if (factors.every((factor) => factor === 1)) return [dY];
  const block = factors.slice(2);
  const window: Record<string, Attribute> = { kernel_shape: ints(block), strides: ints(block) };
  const mean = emit.op("AveragePool", [dY], { ...window, count_include_pad: int(0) });
  return [make.mul(mean, elementCount(block))];
};

/** Whether output pixel i is input pixel ⌊i / factor⌋ for every i, by the ONNX formulas for where i lies in X. */
function repeatsEach(
  { node, numbers }: RuleContext,
  length: number,
  factor: number,
  axis: number,
): boolean {
  const axes = intsAttribute(node, "axes", undefined);
  const scale = numbers(2)?.[axes ? axes.indexOf(axis) : axis] ?? factor;
  const place = PLACES[stringAttribute(node, "coordinate_transformation_mode", "half_pixel")];
  const nearest = NEAREST[stringAttribute(node, "nearest_mode", "round_prefer_floor")];
  if (place === undefined || nearest === undefined) return false;
  return Array.from({ length: length * factor }, (_, i) => {
    const source = nearest(place(i, scale, length));
    return Math.min(Math.max(source, 0), length - 1) === Math.floor(i / factor);
  }).every(Boolean);
}

const halfPixel = (i: number, scale: number): number => (i + 0.5) / scale - 0.5;

const PLACES: Readonly<Record<string, (i: number, scale: number, length: number) => number>> = {
  half_pixel: halfPixel,
  half_pixel_symmetric: halfPixel,
  pytorch_half_pixel: (i, scale, length) => (length * scale > 1 ? halfPixel(i, scale) : 0),
  asymmetric: (i, scale) => i / scale,
  align_corners: (i, scale, length) =>
    length * scale > 1 ? (i * (length - 1)) / (length * scale - 1) : 0,
};

const NEAREST: Readonly<Record<string, (place: number) => number>> = {
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};
