/** @file The layers that Stable Diffusion is made of, each in the form that exporters give it and passes recognise. */
import { float, int, ints } from "../onnx/attributes.ts";
import { reshapeConstant, transposeConstant } from "../onnx/constant.ts";
import type { Module } from "./module.ts";

/** Width in and out. */
export interface Widths {
  readonly from: number;
  readonly to: number;
}

export interface ConvSettings extends Widths {
  readonly kernel: 1 | 3;
  readonly stride?: number;
  /** Before and after each spatial axis, as ONNX orders them; half the kernel all around where left out. */
  readonly pads?: readonly [number, number, number, number];
}

/** y = conv(x, w) + b on [B, from, H, W]. */
export function conv(at: Module, x: string, settings: ConvSettings): string {
  const { from, to, kernel, stride = 1 } = settings;
  const around = (kernel - 1) / 2;
  const weight = at.parameter("weight", [to, from, kernel, kernel]);
  return at.op("Conv", [x, weight, at.parameter("bias", [to])], {
    kernel_shape: ints([kernel, kernel]),
    strides: ints([stride, stride]),
    pads: ints(settings.pads ?? [around, around, around, around]),
  });
}

/** y = x W, W stored as [to, from]. */
export function project(at: Module, x: string, { from, to }: Widths): string {
  const weight = at.parameter("weight", [to, from], (w) => transposeConstant(w, [1, 0]));
  return at.op("MatMul", [x, weight]);
}

/** y = x W + b. */
export function linear(at: Module, x: string, widths: Widths): string {
  return at.op("Add", [project(at, x, widths), at.parameter("bias", [widths.to])]);
}

/** y = x W + b on rows [B, from], as one operator. */
export function linearRows(at: Module, x: string, { from, to }: Widths): string {
  const weight = at.parameter("weight", [to, from]);
  return at.op("Gemm", [x, weight, at.parameter("bias", [to])], { transB: int(1) });
}

/** y = x ∘ sigmoid(x). */
export function silu(at: Module, x: string): string {
  return at.op("Mul", [x, at.op("Sigmoid", [x])]);
}

/** y = x Φ(x), exact: x (1 + erf(x / √2)) / 2. */
export function gelu(at: Module, x: string): string {
  const erf = at.op("Erf", [at.op("Div", [x, at.scalar(Math.SQRT2)])]);
  const doubled = at.op("Add", [erf, at.scalar(1)]);
  return at.op("Mul", [x, at.op("Mul", [at.scalar(0.5), doubled])]);
}

/** CLIP's y = x ∘ sigmoid(1.702 x). */
export function quickGelu(at: Module, x: string): string {
  return at.op("Mul", [x, at.op("Sigmoid", [at.op("Mul", [x, at.scalar(1.702)])])]);
}

export interface GroupNormSettings {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
}

/** Each of the groups of [B, C, H, W] to mean 0 and variance 1, times γ, plus β. */
export function groupNorm(at: Module, x: string, settings: GroupNormSettings): string {
  const { channels, groups, epsilon } = settings;
  const grouped = at.op("Reshape", [x, at.ints([0, groups, -1])]);
  const one = at.literal([groups], new Array<number>(groups).fill(1));
  const zero = at.literal([groups], new Array<number>(groups).fill(0));
  const plain = at.op("InstanceNormalization", [grouped, one, zero], { epsilon: float(epsilon) });
  const normed = at.op("Reshape", [plain, at.op("Shape", [x])]);
  const perChannel = (name: string): string =>
    at.parameter(name, [channels], (c) => reshapeConstant(c, [channels, 1, 1]));
  return at.op("Add", [at.op("Mul", [normed, perChannel("weight")]), perChannel("bias")]);
}

/** Over the last axis. */
export function layerNorm(at: Module, x: string, width: number, epsilon: number): string {
  return at.op(
    "LayerNormalization",
    [x, at.parameter("weight", [width]), at.parameter("bias", [width])],
    {
      axis: int(-1),
      epsilon: float(epsilon),
    },
  );
}

export interface AttentionInputs {
  readonly heads: number;
  /** Width of a head. */
  readonly size: number;
  /** [B, T, heads · size]; keys and values of [B, L, heads · size]. */
  readonly queries: string;
  readonly keys: string;
  readonly values: string;
}

/** softmax(Q Kᵀ / √size) V, head by head: [B, T, heads · size]. */
export function attention(at: Module, inputs: AttentionInputs): string {
  const { heads, size, queries, keys, values } = inputs;
  const scale = at.scalar(1 / Math.sqrt(size));
  const q = at.op("Mul", [headsOf(at, queries, inputs, [0, 2, 1, 3]), scale]);
  const k = headsOf(at, keys, inputs, [0, 2, 3, 1]);
  const v = headsOf(at, values, inputs, [0, 2, 1, 3]);
  const p = at.op("Softmax", [at.op("MatMul", [q, k])], { axis: int(-1) });
  return together(at, at.op("MatMul", [p, v]), heads * size);
}

/** The same with a mask M that is added to the scores: softmax(Q Kᵀ / √size + M) V. */
export function maskedAttention(at: Module, inputs: AttentionInputs, mask: string): string {
  const { heads, size, queries, keys, values } = inputs;
  const q = headsOf(at, queries, inputs, [0, 2, 1, 3]);
  const k = headsOf(at, keys, inputs, [0, 2, 3, 1]);
  const v = headsOf(at, values, inputs, [0, 2, 1, 3]);
  const scores = at.op("Mul", [at.op("MatMul", [q, k]), at.scalar(1 / Math.sqrt(size))]);
  const p = at.op("Softmax", [at.op("Add", [scores, mask])], { axis: int(-1) });
  return together(at, at.op("MatMul", [p, v]), heads * size);
}

function headsOf(
  at: Module,
  x: string,
  { heads, size }: Pick<AttentionInputs, "heads" | "size">,
  perm: readonly number[],
): string {
  const split = at.op("Reshape", [x, at.ints([0, -1, heads, size])]);
  return at.op("Transpose", [split], { perm: ints(perm) });
}

function together(at: Module, x: string, width: number): string {
  return at.op("Reshape", [
    at.op("Transpose", [x], { perm: ints([0, 2, 1, 3]) }),
    at.ints([0, -1, width]),
  ]);
}

/** An image's places as rows. */
export interface Rows {
  /** [B, H · W, C]. */
  readonly rows: string;
  /** Rows as an image [B, C, H, W] again. */
  readonly back: (rows: string) => string;
}

export function rowsOf(at: Module, x: string, channels: number): Rows {
  const last = at.op("Transpose", [x], { perm: ints([0, 2, 3, 1]) });
  return {
    rows: at.op("Reshape", [last, at.ints([0, -1, channels])]),
    back: (rows) => {
      const image = at.op("Reshape", [rows, at.op("Shape", [last])]);
      return at.op("Transpose", [image], { perm: ints([0, 3, 1, 2]) });
    },
  };
}
