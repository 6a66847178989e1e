/** @file Distances between tensors. */

/** ‖got - expected‖ / ‖expected‖ in the Euclidean norm; NaN never compares as small. */
export function relativeL2(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) {
    throw new RangeError(`${got.length} values cannot be compared with ${expected.length}`);
  }
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < got.length; i++) {
    difference += (got[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
