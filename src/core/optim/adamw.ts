/**
 * @file AdamW (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2), in the order of torch.optim.AdamW.
 *
 *   p ← p (1 - lr λ)
 *   m ← β1 m + (1 - β1) g          v ← β2 v + (1 - β2) g²
 *   p ← p - lr / (1 - β1^t) · m / (√v / √(1 - β2^t) + ε)
 */
export interface AdamwArrays {
  /** p, updated in place; all four of one length. */
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

export interface AdamwStep {
  /** t, 1 for the first update. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** λ */
  readonly weightDecay: number;
  /** Factor on every gradient: clipping, and the loss scale taken back. */
  readonly multiplier: number;
}

/** One update: computed in float64, kept in float32. */
export function adamw({ values, gradient, m, v }: AdamwArrays, settings: AdamwStep): void {
  const { step, learningRate, beta1, beta2, epsilon, weightDecay, multiplier } = settings;
  const keep = 1 - learningRate * weightDecay;
  const stepSize = learningRate / (1 - beta1 ** step);
  const inverseRoot = 1 / Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * multiplier;
    const first = beta1 * m[i]! + (1 - beta1) * g;
    const second = beta2 * v[i]! + (1 - beta2) * g * g;
    m[i] = first;
    v[i] = second;
    values[i] =
      values[i]! * keep - (stepSize * first) / (Math.sqrt(second) * inverseRoot + epsilon);
  }
}
