/** @file Operators that slide a window over two spatial axes: Conv and AveragePool. */
import type { Dims } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";
import { type AxisWindow, windowsOf } from "./window.ts";

type Image = readonly [batch: number, channels: number, height: number, width: number];

function imageDims(dims: Dims): Image {
  if (dims.length !== 4) throw new Error(`its input of shape ${show(dims)} is not [N, C, H, W]`);
  return dims as Image;
}

/** Calls `visit` with every output position that kernel position `k` reads from inside the input. */
function forEachRead(
  window: AxisWindow,
  k: number,
  visit: (output: number, input: number) => void,
): void {
  for (let o = 0; o < window.output; o++) {
    const at = o * window.stride + k * window.dilation - window.begin;
    if (at >= 0 && at < window.input) visit(o, at);
  }
}

/** Output plane += weight · input plane, as seen through one position of the kernel. */
function accumulatePlane(
  target: Float64Array,
  targetAt: number,
  source: Float64Array,
  sourceAt: number,
  [y, x]: readonly [AxisWindow, AxisWindow],
  [ky, kx]: readonly [number, number],
  weight: number,
): void {
  forEachRead(y, ky, (oy, iy) => {
    const row = targetAt + oy * x.output;
    const from = sourceAt + iy * x.input;
    forEachRead(x, kx, (ox, ix) => {
      target[row + ox]! += weight * source[from + ix]!;
    });
  });
}

function convPlan(s: Settings) {
  const { dtype, dims: input } = s.type(0);
  const weight = s.type(1).dims;
  const [batch, channels, height, width] = imageDims(input);
  const group = intAttribute(s.node, "group", 1);
  const [outChannels, groupChannels, kernelHeight, kernelWidth] = weight as Image;
  if (weight.length !== 4 || groupChannels * group !== channels || outChannels % group !== 0) {
    throw new Error(
      `its weight of shape ${show(weight)} in ${group} group${group === 1 ? "" : "s"} does not fit its input of shape ${show(input)}`,
    );
  }
  const kernel = [kernelHeight, kernelWidth];
  const declared = intsAttribute(s.node, "kernel_shape", kernel);
  if (show(declared) !== show(kernel)) {
    throw new Error(
      `its kernel_shape ${show(declared)} is not that of its weight, ${show(kernel)}`,
    );
  }
  if (s.has(2) && show(s.type(2).dims) !== show([outChannels])) {
    throw new Error(`its bias of shape ${show(s.type(2).dims)} is not [${outChannels}]`);
  }
  const windows = windowsOf(s.node, [height, width], kernel) as [AxisWindow, AxisWindow];
  const dims = [batch, outChannels, windows[0].output, windows[1].output];
  return { dtype, dims, windows, channels, groupChannels, perGroup: outChannels / group };
}

function poolPlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const [batch, channels, height, width] = imageDims(dims);
  const kernel = intsAttribute(s.node, "kernel_shape", undefined);
  if (kernel === undefined) throw new Error("it has no kernel_shape");
  const windows = windowsOf(s.node, [height, width], kernel) as [AxisWindow, AxisWindow];
  return { dtype, dims: [batch, channels, windows[0].output, windows[1].output], windows };
}

/** How many kernel positions of the window at each output position lie inside the input. */
function readsPerOutput(window: AxisWindow): Float64Array {
  const counts = new Float64Array(window.output);
  for (let k = 0; k < window.kernel; k++) {
    forEachRead(window, k, (o) => {
      counts[o]! += 1;
    });
  }
  return counts;
}

export const CONV = {
  /** Y[n,c,y,x] = mean of X[n,c] over the window at (y, x); padding counts as zeros where count_include_pad. */
  AveragePool: operator(poolPlan, ({ dims, windows }, c) => {
    const [batch, channels, outHeight, outWidth] = dims as [number, number, number, number];
    const [y, x] = windows;
    const source = c.input(0).data;
    const out = new Float64Array(batch * channels * outHeight * outWidth);
    for (let plane = 0; plane < batch * channels; plane++) {
      for (let ky = 0; ky < y.kernel; ky++) {
        for (let kx = 0; kx < x.kernel; kx++) {
          const targetAt = plane * outHeight * outWidth;
          const sourceAt = plane * y.input * x.input;
          accumulatePlane(out, targetAt, source, sourceAt, windows, [ky, kx], 1);
        }
      }
    }
    const countPads = intAttribute(c.node, "count_include_pad", 0) !== 0;
    const rows = readsPerOutput(y);
    const columns = readsPerOutput(x);
    return out.map((sum, i) => {
      const oy = Math.floor(i / outWidth) % outHeight;
      return sum / (countPads ? y.kernel * x.kernel : rows[oy]! * columns[i % outWidth]!);
    });
  }),
  /** Y[n,o] = bias[o] + Σᵢ W[o,i] ⋆ X[n,i] over the input channels i of o's group (cross-correlation). */
  Conv: operator(convPlan, ({ dims, windows, channels, groupChannels, perGroup }, c) => {
    const [batch, outChannels, outHeight, outWidth] = dims as [number, number, number, number];
    const [y, x] = windows;
    const source = c.input(0).data;
    const weight = c.input(1).data;
    const out = new Float64Array(batch * outChannels * outHeight * outWidth);
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outChannels; o++) {
        const targetAt = (n * outChannels + o) * outHeight * outWidth;
        if (c.has(2)) out.fill(c.input(2).data[o]!, targetAt, targetAt + outHeight * outWidth);
        for (let i = 0; i < groupChannels; i++) {
          const channel = Math.floor(o / perGroup) * groupChannels + i;
          const sourceAt = (n * channels + channel) * y.input * x.input;
          for (let ky = 0; ky < y.kernel; ky++) {
            for (let kx = 0; kx < x.kernel; kx++) {
              const w = weight[((o * groupChannels + i) * y.kernel + ky) * x.kernel + kx]!;
              accumulatePlane(out, targetAt, source, sourceAt, windows, [ky, kx], w);
            }
          }
        }
      }
    }
    return out;
  }),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
