/**
 * @file The directions in which text features vary, and coordinates in which the regularisation captions weigh the same
 * in all of them.
 *
 *   G = Σ λᵢ zᵢ zᵢᵀ     y = (zᵢ·c / √λᵢ)ᵢ     c G⁺ c'ᵀ = y·y'
 *
 * Directions with λ < τ tr(G) / E are cut off. A final LayerNorm makes one such: all features lie in a hyperplane that
 * passes so close by the origin that its normal holds nothing but rounding (docs/math/merge.md).
 */
import { StudioError } from "../errors.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { addScaled, dot, rowOf } from "../linalg/vector.ts";
import type { RegularisationGram } from "./gram.ts";

/**
 * τ. Features have relative errors of up to 1e-6, one backend's float32 against another's; in a direction of relative
 * energy τ they become 1e-6 / √τ, here 1e-3. What a direction below it says cannot be told from rounding.
 */
export const ENERGY_THRESHOLD = 1e-6;

export interface FeatureSpace {
  /** Text width E. */
  readonly width: number;
  /** Retained directions k. */
  readonly retained: number;
  /** Directions cut off, E - k. */
  readonly cut: number;
  /** λ₁ / λ_E, infinite where captions leave a direction out, and λ₁ / λ_k. */
  readonly conditionBefore: number;
  readonly conditionAfter: number;
  /** zᵢ / √λᵢ in rows [k, E]. */
  readonly scaled: Float64Array;
}

/** @throws StudioError "invalid-input" where the Gram is that of no caption at all */
export function featureSpace(
  { width, rows, lower }: RegularisationGram,
  threshold = ENERGY_THRESHOLD,
): FeatureSpace {
  const eigen = symmetricEigen(lower, width);
  const { values } = eigen;
  const mean = values.reduce((sum, value) => sum + value, 0) / width;
  if (rows === 0 || mean <= 0) {
    throw new StudioError(
      "invalid-input",
      "There are no regularisation captions to keep the merged model true to; give it at least a few hundred.",
    );
  }
  const retained = values.findLastIndex((value) => value > 0 && value >= threshold * mean) + 1;
  const scaled = eigen.vectors(retained);
  for (let i = 0; i < retained; i++) {
    const row = rowOf(scaled, width, i);
    const factor = 1 / Math.sqrt(values[i]!);
    for (let e = 0; e < width; e++) row[e]! *= factor;
  }
  const smallest = values[width - 1]!;
  return {
    width,
    retained,
    cut: width - retained,
    conditionBefore: smallest > 0 ? values[0]! / smallest : Infinity,
    conditionAfter: values[0]! / values[retained - 1]!,
    scaled,
  };
}

/** y [k] of a feature row c [E]; what c has outside of the retained directions is not seen. */
export function toCoordinates(
  { width, retained, scaled }: FeatureSpace,
  features: Float64Array,
): Float64Array {
  return Float64Array.from({ length: retained }, (_, i) => dot(rowOf(scaled, width, i), features));
}

/** Σ yᵢ zᵢ / √λᵢ [E]: G⁺ cᵀ where y are the coordinates of c. */
export function fromCoordinates(
  { width, retained, scaled }: FeatureSpace,
  coordinates: Float64Array,
): Float64Array {
  const sum = new Float64Array(width);
  for (let i = 0; i < retained; i++) addScaled(sum, coordinates[i]!, rowOf(scaled, width, i));
  return sum;
}
