/**
 * @file Singular values of a matrix, and the vectors of the largest, from the eigenvectors of the smaller of AᵀA and AAᵀ.
 *
 *   A = Σᵢ σᵢ uᵢ vᵢᵀ     AᵀA vᵢ = σᵢ² vᵢ     σᵢ uᵢ = A vᵢ
 *
 * Squaring costs digits: what lies below 1e-7 of the largest singular value comes out as 0. It is less than the rounding
 * of weights that were kept in float32, let alone in float16.
 */
import { addRowGram } from "../linalg/row-gram.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { addScaled, dot, rowOf } from "../linalg/vector.ts";

export interface SingularValues {
  /** σ [min(m, n)], the largest first, none negative. */
  readonly values: Float64Array;
  /**
   * The first `count` terms of the sum: `scaledLeft` holds σᵢ uᵢ in rows [count, m], `right` vᵢ in rows [count, n].
   * Their sum is the best approximation of that rank.
   */
  vectors(count: number): { readonly scaledLeft: Float64Array; readonly right: Float64Array };
}

/** Relative to the largest: the square root of float64's digits, less those that sums lose. */
const NEGLIGIBLE = 1e-7;

/** @param matrix A [m, n], row-major */
export function singularValues(
  matrix: Float32Array,
  rows: number,
  columns: number,
): SingularValues {
  const [wide, long] = columns <= rows ? [columns, rows] : [rows, columns];
  // B [long, wide] has the short side in its rows' length: A, or Aᵀ.
  const b =
    columns <= rows
      ? Float64Array.from(matrix)
      : transpose(Float64Array.from(matrix), rows, columns);
  const gram = new Float64Array(wide * wide);
  addRowGram(gram, b, wide);
  const eigen = symmetricEigen(gram, wide);
  const largest = Math.sqrt(Math.max(0, eigen.values[0]!));
  const values = eigen.values.map((square) => {
    const value = Math.sqrt(Math.max(0, square));
    return value > NEGLIGIBLE * largest ? value : 0;
  });
  return {
    values,
    vectors(count) {
      const short = eigen.vectors(count);
      const scaled = timesRows(b, short, long, wide);
      if (columns <= rows) return { scaledLeft: scaled, right: short };
      // The roles are exchanged: eigenvectors are u, and their products σ v.
      for (let i = 0; i < count; i++) moveScale(rowOf(scaled, long, i), rowOf(short, wide, i));
      return { scaledLeft: short, right: scaled };
    },
  };
}

/** Rows B vᵢ [count, long] of rows vᵢ [count, wide]. */
function timesRows(
  b: Float64Array,
  vectors: Float64Array,
  long: number,
  wide: number,
): Float64Array {
  const count = vectors.length / wide;
  const products = new Float64Array(count * long);
  for (let r = 0; r < long; r++) {
    const row = rowOf(b, wide, r);
    for (let i = 0; i < count; i++) products[i * long + r] = dot(row, rowOf(vectors, wide, i));
  }
  return products;
}

/** From σ v and u to v and σ u. */
function moveScale(from: Float64Array, to: Float64Array): void {
  const scale = Math.sqrt(dot(from, from));
  addScaled(to, scale - 1, to.slice());
  if (scale > 0) for (let k = 0; k < from.length; k++) from[k]! /= scale;
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  }
  return out;
}
