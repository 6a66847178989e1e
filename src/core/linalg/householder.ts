/**
 * @file A symmetric matrix made tridiagonal by reflections, after Golub & Van Loan, Matrix Computations, section 8.3.1.
 *
 *   A = Q T Qᵀ     Q = H_{n-1} ⋯ H_2     H_i = I - v vᵀ, vᵀv = 2
 *
 * H_i clears row and column i up to the neighbour of the diagonal. It touches coordinates 0 … i-1 alone, so that v is
 * kept where the zeros come to be.
 */
import { addScaled, dot } from "./vector.ts";

export interface Tridiagonal {
  readonly size: number;
  /** Diagonal of T [n]. */
  readonly diagonal: Float64Array;
  /** T[i, i-1] at i [n]; the first is 0. */
  readonly beside: Float64Array;
  /** v of H_i in row i, columns 0 … i-1 [n, n]. */
  readonly reflections: Float64Array;
}

/** @param matrix A [n, n], symmetric; its lower triangle is read, and overwritten by the reflections */
export function tridiagonalise(matrix: Float64Array, size: number): Tridiagonal {
  const [diagonal, beside] = [new Float64Array(size), new Float64Array(size)];
  const product = new Float64Array(size);
  for (let i = size - 1; i > 0; i--) {
    const v = matrix.subarray(i * size, i * size + i);
    diagonal[i] = matrix[i * size + i]!;
    beside[i] = makeReflection(v);
    // For i = 1 there is nothing to clear; elsewhere H A H = A - v wᵀ - w vᵀ with w = A v - (vᵀ A v / 2) v.
    if (v[i - 1] !== 0) {
      timesLowerTriangle(matrix, size, v, product);
      const half = dot(v, product) / 2;
      addScaled(product, -half, v);
      for (let j = 0; j < i; j++) {
        const row = matrix.subarray(j * size, j * size + j + 1);
        const [vj, wj] = [v[j]!, product[j]!];
        for (let k = 0; k <= j; k++) row[k]! -= vj * product[k]! + wj * v[k]!;
      }
    }
  }
  diagonal[0] = matrix[0]!;
  return { size, diagonal, beside, reflections: matrix };
}

/** Each row y of `rows` [k, n], a vector in T's coordinates, becomes Q y in A's. */
export function reflectBack({ size, reflections }: Tridiagonal, rows: Float64Array): void {
  for (let start = 0; start < rows.length; start += size) {
    const row = rows.subarray(start, start + size);
    for (let i = 2; i < size; i++) {
      const v = reflections.subarray(i * size, i * size + i);
      addScaled(row, -dot(v, row), v);
    }
  }
}

/** Turns x [i] into the v whose reflection takes x to (0, …, 0, β); β is given back. v = 0 where x has that form. */
function makeReflection(x: Float64Array): number {
  const last = x.length - 1;
  let scale = 0;
  for (let j = 0; j < last; j++) scale = Math.max(scale, Math.abs(x[j]!));
  const corner = x[last]!;
  if (scale === 0) {
    x.fill(0);
    return corner;
  }
  // Scaled, so that no square falls below the smallest number.
  scale = Math.max(scale, Math.abs(corner));
  for (let j = 0; j <= last; j++) x[j]! /= scale;
  const norm = Math.sqrt(dot(x, x));
  // Of the two signs the one that cancels nothing.
  const beta = x[last]! > 0 ? -norm : norm;
  x[last]! -= beta;
  const unit = Math.sqrt(2 / dot(x, x));
  for (let j = 0; j <= last; j++) x[j]! *= unit;
  return beta * scale;
}

/** product = A v, of the leading block of v's size, from A's lower triangle alone. */
function timesLowerTriangle(
  matrix: Float64Array,
  size: number,
  v: Float64Array,
  product: Float64Array,
): void {
  product.fill(0, 0, v.length);
  for (let j = 0; j < v.length; j++) {
    const row = matrix.subarray(j * size, j * size + j + 1);
    const vj = v[j]!;
    let sum = row[j]! * vj;
    for (let k = 0; k < j; k++) {
      sum += row[k]! * v[k]!;
      product[k]! += row[k]! * vj;
    }
    product[j]! += sum;
  }
}
