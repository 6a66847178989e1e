/** @file y [N] + x [N] in float64. */
export function accumulateReference(y: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(y, (value, i) => value + x[i]!);
}
