/** @file Sums over vectors: the inner loops of everything here. */

/** Σ a b over the first `count` elements. */
export function dot(a: Float64Array, b: Float64Array, count: number = a.length): number {
  // Four sums, because each waits for its own last addition only.
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 3 < count; j += 4) {
    s0 += a[j]! * b[j]!;
    s1 += a[j + 1]! * b[j + 1]!;
    s2 += a[j + 2]! * b[j + 2]!;
    s3 += a[j + 3]! * b[j + 3]!;
  }
  for (; j < count; j++) s0 += a[j]! * b[j]!;
  return s0 + s1 + (s2 + s3);
}

/** y ← y + factor x over the first `count` elements. */
export function addScaled(
  y: Float64Array,
  factor: number,
  x: Float64Array,
  count: number = x.length,
): void {
  for (let j = 0; j < count; j++) y[j]! += factor * x[j]!;
}

/** Row i of a row-major matrix, viewed. */
export function rowOf(matrix: Float64Array, width: number, i: number): Float64Array {
  return matrix.subarray(i * width, (i + 1) * width);
}
