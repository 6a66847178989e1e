/** @file The backward pass of the packed key/value projection; its twin is src/core/surgery/kv-projection.ts. */
import type { KvProjectionShape } from "../../../core/surgery/kv-projection.ts";
import { defineKernel, type Dispatch, dispatch } from "../define-kernel.ts";
import { type Bounds, rowsOf } from "../grid.ts";
import { matmulDispatches, tiledMatmul } from "../tiled-matmul/index.ts";
import { USUAL, type Variant } from "../tiled-matmul/variant.ts";
import { SUM_OF_SPLITS, TEXT_GRADIENT, WEIGHT_GRADIENT } from "./kernel.wgsl.ts";

const weightGradient = tiledMatmul({
  label: "kv-backward weights",
  source: WEIGHT_GRADIENT,
  bindings: {
    c: ["read", "array<Element>"],
    dKv: ["read", "array<Element>"],
    dW: ["read_write", "array<Element>"],
  },
  uniforms: { tokens: "u32" },
  alongDepth: { left: false, right: false },
});

const textGradient = tiledMatmul({
  label: "kv-backward text",
  source: TEXT_GRADIENT,
  bindings: {
    dKv: ["read", "array<Element>"],
    w: ["read", "array<Element>"],
    partials: ["read_write", "array<Element>"],
  },
  uniforms: { tokens: "u32" },
  alongDepth: { left: true, right: true },
});

const WORKGROUP = 256;

const sumOfSplits = defineKernel({
  label: "kv-backward sum",
  source: SUM_OF_SPLITS,
  bindings: { partials: ["read", "array<f32>"], dC: ["read_write", "array<f32>"] },
  uniforms: { count: "u32", splits: "u32" },
  constants: { WORKGROUP },
  // The product's own: its sums are only taken in parts.
  tolerance: textGradient(USUAL).kernel.tolerance,
});

export function kvBackwardKernels(variant: Variant = USUAL) {
  return [weightGradient(variant).kernel, textGradient(variant).kernel, sumOfSplits] as const;
}

/** Columns of dKV that one stretch of dc's sum takes. For SD 1.x 13 stretches, 12 MiB of them for a batch of 4. */
const SPLIT_DEPTH = 2048;

/** Floats that `partials` must hold. */
export function partialsLength(
  { batch, tokens, textWidth, columns }: KvProjectionShape,
  splitDepth = SPLIT_DEPTH,
): number {
  return Math.ceil(columns / splitDepth) * batch * tokens * textWidth;
}

/** dW [E, S] += c'ᵀ dKV', from c [B, L, E] and dKV [B, L, S]; start tokens are detached. */
export function kvWeightGradient(
  { batch, tokens, textWidth, columns }: KvProjectionShape,
  buffers: { readonly c: GPUBuffer; readonly dKv: GPUBuffer; readonly dW: GPUBuffer },
  bounds?: Bounds,
  variant: Variant = USUAL,
): readonly Dispatch[] {
  const shape = { rows: textWidth, depth: batch * tokens, columns };
  return matmulDispatches(weightGradient(variant), buffers, shape, { tokens }, bounds);
}

/** dc [B, L, E] = dKV' Wᵀ, by way of `partials`; rows of start tokens are zero. */
export function kvTextGradient(
  { batch, tokens, textWidth, columns }: KvProjectionShape,
  {
    dC,
    ...buffers
  }: {
    readonly dKv: GPUBuffer;
    readonly w: GPUBuffer;
    readonly partials: GPUBuffer;
    readonly dC: GPUBuffer;
  },
  bounds?: Bounds,
  splitDepth = SPLIT_DEPTH,
  variant: Variant = USUAL,
): readonly Dispatch[] {
  const rows = batch * tokens;
  const shape = { rows, depth: columns, columns: textWidth, splitDepth };
  const count = rows * textWidth;
  const splits = Math.ceil(columns / splitDepth);
  return [
    ...matmulDispatches(textGradient(variant), buffers, shape, { tokens }, bounds),
    dispatch(
      sumOfSplits,
      { partials: buffers.partials, dC },
      { count, splits },
      rowsOf(Math.ceil(count / WORKGROUP), bounds),
    ),
  ];
}
