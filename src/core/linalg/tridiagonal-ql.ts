/**
 * @file Eigenvalues of a symmetric tridiagonal matrix by the implicit QL algorithm (Dubrulle, Martin & Wilkinson,
 * Numerische Mathematik 12, 1968): plane rotations, shifted by an eigenvalue of the corner; O(n²).
 */
import { StudioError } from "../errors.ts";
import type { Tridiagonal } from "./householder.ts";

/** Sweeps for one eigenvalue; two are usual. */
const MAX_SWEEPS = 60;

/**
 * All eigenvalues [n], the largest first; absolute errors of a few roundings of the largest.
 * @throws StudioError "internal" where they are not found, as for numbers that are not finite
 */
export function tridiagonalEigenvalues({ size, diagonal, beside }: Tridiagonal): Float64Array {
  const d = diagonal.slice();
  // e[i] couples i and i + 1.
  const e = new Float64Array(size);
  e.set(beside.subarray(1));
  for (let low = 0; low < size; low++) {
    for (let sweep = 0; ; sweep++) {
      const high = endOfBlock(d, e, low);
      if (high === low) break;
      if (sweep === MAX_SWEEPS) {
        throw new StudioError(
          "internal",
          `The eigenvalues of a ${size} x ${size} matrix were not found; it may hold numbers that are not finite.`,
        );
      }
      sweepBlock(d, e, low, high);
    }
  }
  return d.sort().reverse();
}

/** The first m ≥ low at which T splits: e[m] is nothing next to its neighbours. */
function endOfBlock(d: Float64Array, e: Float64Array, low: number): number {
  let m = low;
  for (; m < d.length - 1; m++) {
    if (Math.abs(e[m]!) <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break;
  }
  return m;
}

/** One implicit QL step on the block low … high. */
function sweepBlock(d: Float64Array, e: Float64Array, low: number, high: number): void {
  // Wilkinson's shift: of the corner's two eigenvalues the one that is nearer to d[low].
  const ratio = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  const root = Math.hypot(ratio, 1);
  let g = d[high]! - d[low]! + e[low]! / (ratio + (ratio >= 0 ? root : -root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The block has come apart by itself.
      d[i + 1]! -= shift;
      e[high] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1]! - shift;
    const turn = (d[i]! - g) * sine + 2 * cosine * b;
    shift = sine * turn;
    d[i + 1] = g + shift;
    g = cosine * turn - b;
  }
  d[low]! -= shift;
  e[low] = g;
  e[high] = 0;
}
