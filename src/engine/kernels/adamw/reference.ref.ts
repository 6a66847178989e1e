/** @file AdamW's equations (see kernel.wgsl.ts) in float64. */
import type { AdamwSettings } from "./index.ts";

export interface AdamwArrays {
  readonly values: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** Which update it is, from 1, in place of where a table begins. */
export type SettingsAt = Omit<AdamwSettings, "firstStep"> & { readonly step: number };

/** Updates the arrays in place. */
export function adamwReference(
  { values, m, v }: AdamwArrays,
  gradient: ArrayLike<number>,
  multiplier: number,
  { learningRate, weightDecay, beta1, beta2, epsilon, step }: SettingsAt,
): void {
  for (let i = 0; i < values.length; i++) {
    const g = multiplier * gradient[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const first = m[i]! / (1 - beta1 ** step);
    const second = v[i]! / (1 - beta2 ** step);
    values[i] =
      values[i]! * (1 - learningRate * weightDecay) -
      (learningRate * first) / (Math.sqrt(second) + epsilon);
  }
}
