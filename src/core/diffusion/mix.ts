/** @file Weighted sums of arrays: all that noising, guidance and every sampler's step come down to. */
import { StudioError } from "../errors.ts";

/** Σ weight · array, element by element, in float64 and rounded once; the arrays have one length. */
export function mix(
  ...terms: readonly (readonly [weight: number, values: Float32Array])[]
): Float32Array {
  const length = terms[0]?.[1].length ?? 0;
  const sum = new Float64Array(length);
  for (const [weight, values] of terms) {
    if (values.length !== length) {
      throw new StudioError(
        "internal",
        `Latents, predictions and noise of one sampler step have one length, but were ${terms.map(([, { length }]) => length).join(" and ")} long.`,
      );
    }
    for (let i = 0; i < length; i++) sum[i]! += weight * values[i]!;
  }
  return Float32Array.from(sum);
}
