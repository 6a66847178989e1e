/** @file Gradients of Conv and AveragePool with respect to the image, as convolutions; ConvTranspose is never used. */
import { int, intAttribute, ints, intsAttribute } from "../../onnx/attributes.ts";
import { type AxisWindow, windowsOf } from "../../onnx/operators/window.ts";
import type { Dims } from "../../tensor/shape.ts";
import type { Maker } from "../make.ts";
import { refuse, type RuleContext, type VjpRule } from "../rule.ts";

/**
 * Conv   Y[b,o,i,j] = Σ_c,u,v X[b, c, i s + u δ - p, j s + v δ - p] W[o,c,u,v] + bias[o]
 *   X [B, C, H, W']   W [O, C, kh, kw]   Y [B, O, h, w]   stride s, dilation δ, padding p (each axis its own)
 *   dX = Conv(dY with s - 1 zeros after every element, W with O and C exchanged and the kernel turned by 180°)
 *   dbias = Σ_b,i,j dY
 * W itself is frozen in this program, so dW has no rule.
 */
export const conv: VjpRule = (context) => {
  const { node, make, input, needs, dY } = context;
  const image = make.dims(input(0));
  if (intAttribute(node, "group", 1) !== 1) refuse("grouped convolutions are not differentiated");
  const dX = (): string => {
    const turned = make.flipConv(input(1));
    if (turned === undefined) refuse("its weights are computed, not constant");
    const windows = windowsOf(node, image.slice(2), make.dims(input(1)).slice(2));
    return slideBack(context, dY, turned, windows);
  };
  return [
    needs(0) ? dX() : null,
    null,
    needs(2) ? make.reduce("ReduceSum", dY, [0, 2, 3], false) : null,
  ];
};

/**
 * AveragePool   the convolution of every channel with a kernel of 1 / (kh kw)
 *   X [B, C, H, W']   dX as for Conv, with B C images of one channel
 */
export const averagePool: VjpRule = (context) => {
  const { node, make, type, input, dY } = context;
  const image = make.dims(input(0));
  const kernel = intsAttribute(node, "kernel_shape", []);
  const windows = windowsOf(node, image.slice(2), kernel);
  const padded = windows.some(({ begin, end }) => begin !== 0 || end !== 0);
  if (padded && intAttribute(node, "count_include_pad", 0) === 0) {
    refuse("pooling that leaves its padding out of the mean is not differentiated");
  }
  const single = (dims: Dims): number[] => [dims[0]! * dims[1]!, 1, dims[2]!, dims[3]!];
  const weight = 1 / (kernel[0]! * kernel[1]!);
  const weights = make.fill(type(dY).dtype, [1, 1, ...kernel], weight);
  const grad = make.reshape(dY, single(make.dims(dY)));
  return [make.reshape(slideBack(context, grad, weights, windows), image)];
};

/**
 * The stride-1 convolution of the spread-out dY that gives the input's own height and width. On one axis, with
 * n = s h elements of dY spread out, k the kernel and N the input:
 *   padding before = δ (k - 1) - p       padding after = N + δ (k - 1) - n - padding before
 * Negative padding takes elements away: outputs that saw nothing but padding, and the zeros after the last element.
 */
function slideBack(
  { make, emit }: RuleContext,
  dY: string,
  turned: string,
  windows: readonly AxisWindow[],
): string {
  const strides = windows.map(({ stride }) => stride);
  const spread = spreadOut(make, dY, strides);
  const lengths = make.dims(spread).slice(2);
  const before = windows.map(({ kernel, dilation, begin }) => dilation * (kernel - 1) - begin);
  const after = windows.map(({ input, begin }, axis) => input + begin - lengths[axis]!);
  const crop = (pads: number[]): number[] => [0, 0, ...pads.map((n) => Math.min(0, n))];
  const cropped = make.padOrCrop(spread, crop(before), crop(after));
  return emit.op("Conv", [cropped, turned], {
    kernel_shape: ints(windows.map(({ kernel }) => kernel)),
    dilations: ints(windows.map(({ dilation }) => dilation)),
    pads: ints([...before, ...after].map((n) => Math.max(0, n))),
    strides: ints([1, 1]),
    group: int(1),
  });
}

/**
 * [B, O, h, w] to [B, O, sh h, sw w] with zeros after every row and every element: one Pad of the view
 * [B O h, 1, w, 1], whose new second and fourth axes are the rows and elements between.
 */
function spreadOut(make: Maker, dY: string, [rows = 1, columns = 1]: readonly number[]): string {
  if (rows === 1 && columns === 1) return dY;
  const [batch = 1, channels = 1, height = 1, width = 1] = make.dims(dY);
  const view = make.reshape(dY, [batch * channels * height, 1, width, 1]);
  const spread = make.padOrCrop(view, [0, 0, 0, 0], [0, rows - 1, 0, columns - 1]);
  return make.reshape(spread, [batch, channels, height * rows, width * columns]);
}
