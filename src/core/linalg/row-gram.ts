/** @file BᵀB of a matrix that comes in batches of rows. */

/** Rows that go through the product, which is larger than the processor's caches, at once. */
const ROWS_AT_ONCE = 4;

/**
 * lower ← lower + BᵀB, in the lower triangle alone.
 * @param lower [width, width]
 * @param rows B [r, width]
 */
export function addRowGram(
  lower: Float64Array,
  rows: Float32Array | Float64Array,
  width: number,
): void {
  const [a, b, c, d] = [row(width), row(width), row(width), row(width)];
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE * width) {
    [a, b, c, d].forEach((one, i) => {
      const from = start + i * width;
      // Past the last row there are zeros.
      if (from < rows.length) one.set(rows.subarray(from, from + width));
      else one.fill(0);
    });
    for (let i = 0; i < width; i++) {
      const sums = lower.subarray(i * width, i * width + i + 1);
      const [ai, bi, ci, di] = [a[i]!, b[i]!, c[i]!, d[i]!];
      for (let j = 0; j <= i; j++) sums[j]! += ai * a[j]! + bi * b[j]! + (ci * c[j]! + di * d[j]!);
    }
  }
}

function row(width: number): Float64Array {
  return new Float64Array(width);
}
