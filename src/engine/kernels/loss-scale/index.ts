/** @file The dynamic loss scale and the counts of steps, kept on the GPU: brought up to date there by the verdict on a step. */
import { defineKernel, type Dispatch, dispatch } from "../define-kernel.ts";
import { LOSS_SCALE } from "./kernel.wgsl.ts";

export const lossScaleKernel = defineKernel({
  label: "loss-scale",
  source: LOSS_SCALE,
  bindings: { verdict: ["read", "Verdict"], state: ["read_write", "State"] },
  uniforms: {
    growthFactor: "f32",
    backoffFactor: "f32",
    growthInterval: "u32",
    leastToBackOff: "f32",
    mostToGrow: "f32",
  },
  constants: {},
  tolerance: {
    rtol: 2 ** -23,
    atol: 0,
    why: "the factor and its product are rounded to 2^-24 each; factors that are powers of two are exact",
  },
});

export interface LossScaleRule {
  /** Factor after `growthInterval` good steps in a row. */
  readonly growthFactor: number;
  /** Factor after a step that was skipped. */
  readonly backoffFactor: number;
  readonly growthInterval: number;
}

/** @param rule null where the scale never changes; steps are counted all the same */
export function updateLossScale(
  buffers: { readonly verdict: GPUBuffer; readonly state: GPUBuffer },
  rule: LossScaleRule | null,
): Dispatch {
  const { growthFactor, backoffFactor, growthInterval } = rule ?? CONSTANT;
  const uniforms = {
    growthFactor,
    backoffFactor,
    growthInterval,
    leastToBackOff: 2 ** -120 / backoffFactor,
    mostToGrow: 2 ** 120 / growthFactor,
  };
  return dispatch(lossScaleKernel, buffers, uniforms, [1, 1, 1]);
}

/** The interval of 1 keeps the count of good steps at 0. */
const CONSTANT: LossScaleRule = { growthFactor: 1, backoffFactor: 1, growthInterval: 1 };

/** The bookkeeping as it lies in its buffer. */
export interface LossScaleState {
  /** What the next gradients must carry; a float32. */
  readonly lossScale: number;
  /** Good steps since the scale last changed. */
  readonly goodSteps: number;
  /** Steps left out because a gradient was not finite. */
  readonly skipped: number;
  /** Updates applied. */
  readonly step: number;
}

export const LOSS_SCALE_BYTES = 16;

export function packLossScale(state: LossScaleState): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(LOSS_SCALE_BYTES));
  view.setFloat32(0, state.lossScale, true);
  view.setUint32(4, state.goodSteps, true);
  view.setUint32(8, state.skipped, true);
  view.setUint32(12, state.step, true);
  return view.buffer;
}

export function readLossScale(bytes: ArrayBuffer): LossScaleState {
  const view = new DataView(bytes);
  return {
    lossScale: view.getFloat32(0, true),
    goodSteps: view.getUint32(4, true),
    skipped: view.getUint32(8, true),
    step: view.getUint32(12, true),
  };
}
