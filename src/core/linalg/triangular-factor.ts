/**
 * @file Rows made orthonormal one after another: Y = L Q, Q Qᵀ = I, by Gram-Schmidt done twice. L is the Cholesky factor
 * of Y Yᵀ, without the digits that forming Y Yᵀ costs.
 */
import { addScaled, dot, rowOf } from "./vector.ts";

export interface TriangularFactor {
  /** L [s, s], lower triangle. */
  readonly lower: Float64Array;
  /** Q [s, k] in rows. */
  readonly orthonormal: Float64Array;
  /** L[i, i] / ‖Y_i‖ [s]: the sine of the angle between row i and the span of all before it. */
  readonly sines: Float64Array;
}

/** @param rows Y [s, k], none zero; a row whose sine comes out 0 has a Q of zeros */
export function triangularFactor(rows: Float64Array, width: number): TriangularFactor {
  const count = rows.length / width;
  const orthonormal = rows.slice();
  const lower = new Float64Array(count * count);
  const sines = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const rest = rowOf(orthonormal, width, i);
    const norm = Math.sqrt(dot(rest, rest));
    for (let time = 0; time < 2; time++) {
      for (let j = 0; j < i; j++) {
        const before = rowOf(orthonormal, width, j);
        const along = dot(before, rest);
        lower[i * count + j]! += along;
        addScaled(rest, -along, before);
      }
    }
    const left = Math.sqrt(dot(rest, rest));
    lower[i * count + i] = left;
    sines[i] = left / norm;
    for (let k = 0; k < width; k++) rest[k] = left === 0 ? 0 : rest[k]! / left;
  }
  return { lower, orthonormal, sines };
}

/** Solves L X = T in place, T [s, S]. */
export function solveLower(lower: Float64Array, right: Float64Array, columns: number): void {
  const count = right.length / columns;
  for (let i = 0; i < count; i++) {
    const row = rowOf(right, columns, i);
    for (let j = 0; j < i; j++) addScaled(row, -lower[i * count + j]!, rowOf(right, columns, j));
    const pivot = lower[i * count + i]!;
    for (let k = 0; k < columns; k++) row[k]! /= pivot;
  }
}
