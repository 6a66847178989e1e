/** @file Adds one vector to another: gradients of micro-batches. */
import { defineKernel, type Dispatch, dispatch } from "../define-kernel.ts";
import { type Bounds, rowsOf } from "../grid.ts";
import { ACCUMULATE } from "./kernel.wgsl.ts";

const WORKGROUP = 256;

export const accumulateKernel = defineKernel({
  label: "accumulate",
  source: ACCUMULATE,
  bindings: { y: ["read_write", "array<f32>"], x: ["read", "array<f32>"] },
  uniforms: { count: "u32", firstX: "u32", firstY: "u32" },
  constants: { WORKGROUP },
  tolerance: { rtol: 2 ** -24, atol: 0, why: "one float32 addition, rounded to nearest" },
});

/** Where the stretches of both begin. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** y [N] += x [N], or stretches of N in either */
export function accumulate(
  count: number,
  buffers: { readonly y: GPUBuffer; readonly x: GPUBuffer },
  bounds?: Bounds,
  { from, to }: Stretch = { from: 0, to: 0 },
): Dispatch {
  const grid = rowsOf(Math.ceil(count / WORKGROUP), bounds);
  return dispatch(accumulateKernel, buffers, { count, firstX: from, firstY: to }, grid);
}
