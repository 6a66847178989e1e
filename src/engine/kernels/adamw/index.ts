/** @file One AdamW update of a parameter group, on float32 values, by the verdict on its gradient. */
import { defineKernel, type Dispatch, dispatch } from "../define-kernel.ts";
import { type Bounds, rowsOf } from "../grid.ts";
import { ADAMW } from "./kernel.wgsl.ts";

const WORKGROUP = 256;

export const adamwKernel = defineKernel({
  label: "adamw",
  source: ADAMW,
  bindings: {
    values: ["read_write", "array<f32>"],
    m: ["read_write", "array<f32>"],
    v: ["read_write", "array<f32>"],
    gradient: ["read_write", "array<f32>"],
    verdict: ["read", "Verdict"],
    state: ["read", "State"],
    table: ["read", "array<vec2f>"],
  },
  uniforms: {
    count: "u32",
    keep: "f32",
    oneMinusBeta1: "f32",
    beta2: "f32",
    oneMinusBeta2: "f32",
    learningRate: "f32",
    firstStep: "u32",
    epsilon: "f32",
  },
  constants: { WORKGROUP },
  tolerance: {
    rtol: 1e-6,
    atol: 1e-7,
    why:
      "some ten roundings of 2^-24, and WGSL's root and quotients are right to 2.5 units in the last place each; " +
      "absolute for differences of numbers of size 1 that nearly cancel",
  },
});

export interface AdamwBuffers {
  readonly values: GPUBuffer;
  readonly m: GPUBuffer;
  readonly v: GPUBuffer;
  readonly gradient: GPUBuffer;
  readonly verdict: GPUBuffer;
  /** The counts of updates, as they are before this one. */
  readonly state: GPUBuffer;
  /** `corrections`, as they lie in their buffer. */
  readonly table: GPUBuffer;
}

export interface AdamwSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** How many updates came before the first that the table is for. */
  readonly firstStep: number;
}

/** 1 - β1^t and √(1 - β2^t) for `count` updates after the first `firstStep`, t from firstStep + 1. */
export function corrections(
  { beta1, beta2 }: Pick<AdamwSettings, "beta1" | "beta2">,
  firstStep: number,
  count: number,
): Float32Array<ArrayBuffer> {
  const table = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const step = firstStep + 1 + i;
    // In float64, as PyTorch does: in float32, 1 - 0.999 alone would be off by 5e-5.
    table[2 * i] = 1 - beta1 ** step;
    table[2 * i + 1] = Math.sqrt(1 - beta2 ** step);
  }
  return table;
}

export function adamw(
  count: number,
  buffers: AdamwBuffers,
  { learningRate, weightDecay, beta1, beta2, epsilon, firstStep }: AdamwSettings,
  bounds?: Bounds,
): Dispatch {
  // Differences in float64, as PyTorch does.
  const uniforms = {
    count,
    keep: 1 - learningRate * weightDecay,
    oneMinusBeta1: 1 - beta1,
    beta2,
    oneMinusBeta2: 1 - beta2,
    learningRate,
    firstStep,
    epsilon,
  };
  return dispatch(adamwKernel, buffers, uniforms, rowsOf(Math.ceil(count / WORKGROUP), bounds));
}
