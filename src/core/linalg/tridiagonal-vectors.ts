/**
 * @file Eigenvectors of a symmetric tridiagonal matrix whose eigenvalues are known, by inverse iteration:
 *
 *   (T - λ I) y' = y     y ← y' / ‖y'‖
 *
 * which blows up what belongs to λ by the inverse of λ's error. Vectors of eigenvalues that lie close together would
 * come out as mixtures, so each is made orthogonal to all before it.
 */
import type { Tridiagonal } from "./householder.ts";
import { addScaled, dot, rowOf } from "./vector.ts";

/** Two solutions find the vector; a third one after the mixing was taken out, for those in clusters. */
const SOLUTIONS = 3;

/**
 * @param values the eigenvalues wanted [k], largest first, each as often as it occurs
 * @returns unit eigenvectors in rows [k, n]
 */
export function tridiagonalEigenvectors(matrix: Tridiagonal, values: Float64Array): Float64Array {
  const { size } = matrix;
  const vectors = new Float64Array(values.length * size);
  const smallest = Number.EPSILON * largestOf(matrix);
  for (let i = 0; i < values.length; i++) {
    const vector = rowOf(vectors, size, i);
    fillUnevenly(vector, i);
    const factors = factorise(matrix, values[i]!, smallest);
    for (let solution = 1; solution <= SOLUTIONS; solution++) {
      solve(factors, vector);
      normalise(vector);
      if (solution === 1) continue;
      for (let j = 0; j < i; j++) {
        const before = rowOf(vectors, size, j);
        addScaled(vector, -dot(before, vector), before);
      }
      normalise(vector);
    }
  }
  return vectors;
}

/** P (T - λ I) = L U with row exchanges: U has two diagonals above its own. */
interface Factors {
  /** 1 / U[i, i], U[i, i+1], U[i, i+2], each [n]. */
  readonly inverse: Float64Array;
  readonly above: Float64Array;
  readonly farAbove: Float64Array;
  /** Multiples of row i taken from row i + 1 [n]. */
  readonly multiples: Float64Array;
  /** 1 where rows i and i + 1 were exchanged first [n]. */
  readonly exchanged: Uint8Array;
}

function factorise(matrix: Tridiagonal, value: number, smallest: number): Factors {
  const { size, diagonal, beside } = matrix;
  const inverse = new Float64Array(size);
  const above = new Float64Array(size);
  const farAbove = new Float64Array(size);
  const multiples = new Float64Array(size);
  const exchanged = new Uint8Array(size);
  // What is left of row i: its diagonal, and the element after it.
  let pivot = diagonal[0]! - value;
  let next = size > 1 ? beside[1]! : 0;
  for (let i = 0; i < size; i++) {
    if (i + 1 < size) {
      const below = beside[i + 1]!;
      const [belowPivot, belowNext] = [diagonal[i + 1]! - value, beside[i + 2] ?? 0];
      if (Math.abs(below) > Math.abs(pivot)) {
        exchanged[i] = 1;
        const multiple = pivot / below;
        [inverse[i], above[i], farAbove[i], multiples[i]] = [
          below,
          belowPivot,
          belowNext,
          multiple,
        ];
        [pivot, next] = [next - multiple * belowPivot, -multiple * belowNext];
      } else {
        const safe = awayFromZero(pivot, smallest);
        const multiple = below / safe;
        [inverse[i], above[i], multiples[i]] = [safe, next, multiple];
        [pivot, next] = [belowPivot - multiple * next, belowNext];
      }
    } else {
      inverse[i] = awayFromZero(pivot, smallest);
    }
    inverse[i] = 1 / inverse[i]!;
  }
  return { inverse, above, farAbove, multiples, exchanged };
}

/** A pivot that vanished, which is what an exact λ leads to, counts as one rounding. */
function awayFromZero(pivot: number, smallest: number): number {
  if (Math.abs(pivot) >= smallest) return pivot;
  return pivot < 0 ? -smallest : smallest;
}

function solve({ inverse, above, farAbove, multiples, exchanged }: Factors, x: Float64Array): void {
  const last = x.length - 1;
  for (let i = 0; i < last; i++) {
    if (exchanged[i] === 1) [x[i], x[i + 1]] = [x[i + 1]!, x[i]!];
    x[i + 1]! -= multiples[i]! * x[i]!;
  }
  for (let i = last; i >= 0; i--) {
    const sum = above[i]! * (x[i + 1] ?? 0) + farAbove[i]! * (x[i + 2] ?? 0);
    x[i] = (x[i]! - sum) * inverse[i]!;
  }
}

/** Something that is orthogonal to no eigenvector but by accident, other for every one: the golden ratio's multiples. */
function fillUnevenly(vector: Float64Array, seed: number): void {
  const step = 0.6180339887498949;
  for (let j = 0; j < vector.length; j++) vector[j] = (((j + 1) * (seed + 1) * step) % 1) - 0.5;
}

function normalise(vector: Float64Array): void {
  let scale = 0;
  for (let j = 0; j < vector.length; j++) scale = Math.max(scale, Math.abs(vector[j]!));
  // Scaled first: solutions may be too large to square.
  for (let j = 0; j < vector.length; j++) vector[j]! /= scale;
  const norm = Math.sqrt(dot(vector, vector));
  for (let j = 0; j < vector.length; j++) vector[j]! /= norm;
}

/** A bound of |λ|; never so small that its rounding has no inverse. */
function largestOf({ diagonal, beside }: Tridiagonal): number {
  let largest = 2 ** -900;
  for (let i = 0; i < diagonal.length; i++) {
    const reach = Math.abs(diagonal[i]!) + Math.abs(beside[i]!) + Math.abs(beside[i + 1] ?? 0);
    largest = Math.max(largest, reach);
  }
  return largest;
}
