/** @file The point of least norm in the convex hull of a few vectors, from their inner products alone. */

/** As many as the solver goes through all subsets of. */
export const MOST_VECTORS = 8;

/**
 * Weights w ≥ 0, Σ w = 1 that minimise ‖Σ w_i g_i‖², that is wᵀ G w with G_ij = g_i · g_j (the problem of multiple
 * gradients: Désidéri 2012; Sener & Koltun, arXiv 1810.04650). For a handful of vectors the exact answer is cheap: on
 * the subset of vectors that are used the minimum solves G w = λ1, 1ᵀw = 1, and one of the subsets is the right one.
 *
 * @param gram G, n × n, row by row
 * @returns w [n]; where all vectors are zero, equal weights
 */
export function minNormWeights(gram: Float64Array, n: number): Float64Array {
  if (n < 1 || n > MOST_VECTORS || gram.length !== n * n) {
    throw new RangeError(`a Gram matrix of ${gram.length} numbers for ${n} vectors`);
  }
  let best: Float64Array | null = null;
  let least = Infinity;
  for (let subset = 1; subset < 1 << n; subset++) {
    const weights = weightsOn(subset, gram, n);
    if (weights === null) continue;
    const norm = squaredNorm(weights, gram);
    // A larger subset has to be better by more than rounding.
    if (norm < least - 1e-12 * Math.abs(least) || best === null) {
      best = weights;
      least = norm;
    }
  }
  return best ?? new Float64Array(n).fill(1 / n);
}

/** ‖Σ w_i g_i‖². */
export function squaredNorm(weights: Float64Array, gram: Float64Array): number {
  const n = weights.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) sum += weights[i]! * weights[j]! * gram[i * n + j]!;
  }
  return sum;
}

/** The minimum on the affine hull of a subset; null where a weight is negative or the subset is degenerate. */
function weightsOn(subset: number, gram: Float64Array, n: number): Float64Array | null {
  const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => (subset >> i) & 1);
  const m = chosen.length;
  const weights = new Float64Array(n);
  if (m === 1) return weights.fill(1, chosen[0], chosen[0]! + 1);
  const scale = Math.max(...chosen.map((i) => gram[i * n + i]!));
  if (!(scale > 0)) return null;
  const rows = chosen.map((i) => [...chosen.map((j) => gram[i * n + j]! / scale), 1, 0]);
  rows.push([...new Array<number>(m).fill(1), 0, 1]);
  if (!eliminate(rows)) return null;
  for (const [k, i] of chosen.entries()) {
    const weight = rows[k]![m + 1]!;
    if (!(weight >= 0)) return null;
    weights[i] = weight;
  }
  return weights;
}

/** Gauss-Jordan with pivoting on [m, m + 1], of numbers around 1; false where it is singular to working precision. */
function eliminate(rows: number[][]): boolean {
  const m = rows.length;
  for (let column = 0; column < m; column++) {
    let pivot = column;
    for (let i = column + 1; i < m; i++) {
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    }
    const row = rows[pivot]!;
    if (!(Math.abs(row[column]!) > 1e-13)) return false;
    [rows[pivot], rows[column]] = [rows[column]!, row];
    const divisor = row[column]!;
    for (let j = column; j <= m; j++) row[j] = row[j]! / divisor;
    for (let i = 0; i < m; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]!;
      for (let j = column; j <= m; j++) rows[i]![j] = rows[i]![j]! - factor * row[j]!;
    }
  }
  return true;
}
