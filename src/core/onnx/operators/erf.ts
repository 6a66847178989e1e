/** @file The error function to the last digits of a float64: finite differences go through it. */

/**
 * erf(x) = 2/√π ∫₀ˣ e^(-t²) dt
 *
 * |x| < 2: 2/√π · e^(-x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), all terms of one sign, so nothing cancels
 *   (Abramowitz & Stegun 7.1.6).
 * |x| ≥ 2: 1 - erfc(x), erfc(x) = e^(-x²)/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …)))) (7.1.14); erfc is below
 *   0.005 there, so the fraction need only be right to 1e-14.
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return NaN;
  if (magnitude >= 6) return Math.sign(x);
  const square = x * x;
  if (magnitude < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; sum + term !== sum; n++) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
  }
  let tail = magnitude;
  for (let n = FRACTION_LEVELS; n > 0; n--) tail = magnitude + n / 2 / tail;
  return Math.sign(x) * (1 - Math.exp(-square) / Math.sqrt(Math.PI) / tail);
}

/** At x = 2 the fraction has converged to 1e-15 after this many levels; further out it needs fewer. */
const FRACTION_LEVELS = 100;
