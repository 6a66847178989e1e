/**
 * @file Seven products of half the size in place of eight: Strassen's method in Winograd's form, which needs the fewest
 * additions (S. Winograd, "On multiplication of 2 x 2 matrices", Linear Algebra and its Applications 4, 1971).
 *   S1 = A21 + A22,  S2 = S1 - A11,  S3 = A11 - A21,  S4 = A12 - S2
 *   T1 = B12 - B11,  T2 = B22 - T1,  T3 = B22 - B12,  T4 = T2 - B21
 *   C11 = A11 B11 + A12 B21     U2 = A11 B11 + S2 T2     U3 = U2 + S3 T3     C22 = U3 + S1 T1
 *   C12 = U2 + S1 T1 + S4 B22   C21 = U3 - A22 T4
 */

/** Columns of one of the two panels that are B's halves. */
export const STRASSEN_PANEL = 16;
export const STRASSEN_PRODUCTS = 7;

/** What B is made into: 7/4 of its numbers. */
export const strassenCount = (depth: number, columns: number): number =>
  (STRASSEN_PRODUCTS * depth * columns) / 4;

/**
 * B [K, N] as [N / 32][7][K / 2][16], in the order in which the engine multiplies: B11, B21, T2, T3, T1, B22, -T4.
 * @param columns N, whole pairs of panels; K is even
 */
export function strassenWeights(b: Float32Array, depth: number, columns: number): Float32Array {
  const half = depth / 2;
  const size = half * STRASSEN_PANEL;
  const out = new Float32Array(strassenCount(depth, columns));
  for (let pair = 0; pair < columns / (2 * STRASSEN_PANEL); pair++) {
    for (let k = 0; k < half; k++) {
      for (let c = 0; c < STRASSEN_PANEL; c++) {
        const above = k * columns + pair * 2 * STRASSEN_PANEL + c;
        const below = above + half * columns;
        const [b11, b12] = [b[above]!, b[above + STRASSEN_PANEL]!];
        const [b21, b22] = [b[below]!, b[below + STRASSEN_PANEL]!];
        const t1 = b12 - b11;
        const t2 = b22 - t1;
        const at = pair * STRASSEN_PRODUCTS * size + k * STRASSEN_PANEL + c;
        out[at] = b11;
        out[at + size] = b21;
        out[at + 2 * size] = t2;
        out[at + 3 * size] = b22 - b12;
        out[at + 4 * size] = t1;
        out[at + 5 * size] = b22;
        out[at + 6 * size] = b21 - t2;
      }
    }
  }
  return out;
}

/** Element (k, n) of B, of what was made of it. */
export function strassenElement(
  made: ArrayLike<number>,
  depth: number,
  k: number,
  n: number,
): number {
  const half = depth / 2;
  const size = half * STRASSEN_PANEL;
  const pair = Math.floor(n / (2 * STRASSEN_PANEL));
  const within = (k % half) * STRASSEN_PANEL + (n % STRASSEN_PANEL);
  const part = (index: number): number => made[(pair * STRASSEN_PRODUCTS + index) * size + within]!;
  const isSecond = n % (2 * STRASSEN_PANEL) >= STRASSEN_PANEL;
  if (k >= half) return part(isSecond ? 5 : 1);
  return isSecond ? part(0) + part(4) : part(0);
}
