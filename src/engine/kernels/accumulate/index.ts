/** @file Adds one vector to another: gradients of micro-batches. */
import { defineKernel, type Dispatch, dispatch } from "../define-kernel.ts";
import { type Bounds, rowsOf } from "../grid.ts";
import { ACCUMULATE } from "./kernel.wgsl.ts";

const WORKGROUP = 256;

export const accumulateKernel = defineKernel({
  label: "accumulate",
  source: ACCUMULATE,
  bindings: { y: ["read_write", "array<f32>"], x: ["read", "array<f32>"] },
  uniforms: { count: "u32" },
  constants: { WORKGROUP },
  tolerance: { rtol: 2 ** -24, atol: 0, why: "one float32 addition, rounded to nearest" },
});

/** y [N] += x [N] */
export function accumulate(
  count: number,
  buffers: { readonly y: GPUBuffer; readonly x: GPUBuffer },
  bounds?: Bounds,
): Dispatch {
  const grid = rowsOf(Math.ceil(count / WORKGROUP), bounds);
  return dispatch(accumulateKernel, buffers, { count }, grid);
}
