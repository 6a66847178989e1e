/**
 * @file The packed key/value projection and its backward pass in plain loops and float64: the reference that kernels
 * and sessions are held to.
 *
 *   KV = c W                 c [R, E], W [E, S], KV [R, S], rows R = B·L
 *   dW = c'ᵀ dKV             dc = dKV' Wᵀ
 *
 * where ' sets position 0 (the start token) of every sample to zero: Custom Diffusion detaches the keys and values
 * of the start token, for the weights and for the text features (adobe-research/custom-diffusion src/model.py;
 * diffusers attention_processor.py, CustomDiffusionAttnProcessor).
 */
export interface KvProjectionShape {
  readonly batch: number;
  readonly tokens: number;
  readonly textWidth: number;
  readonly columns: number;
}

/** KV [B, L, S] = c [B, L, E] · W [E, S], accumulated in float64. */
export function projectKv(
  c: ArrayLike<number>,
  w: ArrayLike<number>,
  { batch, tokens, textWidth, columns }: KvProjectionShape,
): Float64Array {
  const kv = new Float64Array(batch * tokens * columns);
  for (let row = 0; row < batch * tokens; row++) {
    for (let e = 0; e < textWidth; e++) {
      const x = c[row * textWidth + e]!;
      for (let s = 0; s < columns; s++) kv[row * columns + s]! += x * w[e * columns + s]!;
    }
  }
  return kv;
}

export interface KvProjectionGradient {
  /** [E, S] */
  readonly dW: Float64Array;
  /** [B, L, E]; rows of position 0 are zero */
  readonly dC: Float64Array;
}

/** Gradients of the weights and of the text features, the start token detached from both. */
export function projectKvBackward(
  c: ArrayLike<number>,
  w: ArrayLike<number>,
  dKv: ArrayLike<number>,
  { batch, tokens, textWidth, columns }: KvProjectionShape,
): KvProjectionGradient {
  const dW = new Float64Array(textWidth * columns);
  const dC = new Float64Array(batch * tokens * textWidth);
  for (let row = 0; row < batch * tokens; row++) {
    if (row % tokens === 0) continue;
    for (let e = 0; e < textWidth; e++) {
      const x = c[row * textWidth + e]!;
      let sum = 0;
      for (let s = 0; s < columns; s++) {
        const g = dKv[row * columns + s]!;
        dW[e * columns + s]! += x * g;
        sum += g * w[e * columns + s]!;
      }
      dC[row * textWidth + e] = sum;
    }
  }
  return { dW, dC };
}
