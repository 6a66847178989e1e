/**
 * @file F(4 x 4, 3 x 3): sixteen results of a 3 x 3 convolution from 36 products in place of 144 (Winograd 1980; Lavin and
 * Gray, arXiv 1509.09308, equation 8): Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A for 6 x 6 inputs d and weights g.
 * The polynomials are evaluated at 0, ±3/4, ±3/2 and ∞ in place of the usual 0, ±1, ±2, ∞, which halves the rounding
 * errors: measured with 256 channels, 2 times a direct convolution's in place of 4. All numbers of A and B are exact in
 * float32.
 */

/** Side of the results and of the inputs of one tile. */
export const TILE = 4;
export const POINTS = 6;

type Matrix = readonly (readonly number[])[];

export const INPUT_TRANSFORM: Matrix = [
  [81 / 64, 0, -45 / 16, 0, 1, 0],
  [0, -27 / 16, -9 / 4, 3 / 4, 1, 0],
  [0, 27 / 16, -9 / 4, -3 / 4, 1, 0],
  [0, -27 / 32, -9 / 16, 3 / 2, 1, 0],
  [0, 27 / 32, -9 / 16, -3 / 2, 1, 0],
  [0, 81 / 64, 0, -45 / 16, 0, 1],
];

export const WEIGHT_TRANSFORM: Matrix = [
  [64 / 81, 0, 0],
  [-128 / 243, -32 / 81, -8 / 27],
  [-128 / 243, 32 / 81, -8 / 27],
  [32 / 243, 16 / 81, 8 / 27],
  [32 / 243, -16 / 81, 8 / 27],
  [0, 0, 1],
];

export const OUTPUT_TRANSFORM: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2, 0],
  [0, 9 / 16, 9 / 16, 9 / 4, 9 / 4, 0],
  [0, 27 / 64, -27 / 64, 27 / 8, -27 / 8, 1],
];

/** M x Mᵀ for a square x of `size` numbers a side, row-major. */
export function bothSides(
  matrix: Matrix,
  x: ArrayLike<number>,
  size: number,
  out: Float64Array = new Float64Array(matrix.length ** 2),
): Float64Array {
  const rows = matrix.length;
  for (let i = 0; i < rows; i++) {
    for (let l = 0; l < rows; l++) {
      let total = 0;
      for (let j = 0; j < size; j++) {
        const left = matrix[i]![j]!;
        if (left === 0) continue;
        for (let k = 0; k < size; k++) total += left * matrix[l]![k]! * x[j * size + k]!;
      }
      out[i * rows + l] = total;
    }
  }
  return out;
}

/** Output channels that are computed at once. */
export const PANEL = 8;

/**
 * G g Gᵀ of weights [O, I, 3, 3] in the order in which they are read: [O / 8][36][I][8].
 * @throws RangeError where O is no multiple of 8
 */
export function transformedWeights(
  weights: ArrayLike<number>,
  outputs: number,
  inputs: number,
): Float32Array {
  if (outputs % PANEL !== 0) throw new RangeError(`${outputs} is no multiple of ${PANEL}`);
  const out = new Float32Array(outputs * inputs * POINTS ** 2);
  const g = new Float64Array(9);
  const half = new Float64Array(3 * POINTS);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let k = 0; k < 9; k++) g[k] = weights[(o * inputs + i) * 9 + k]!;
      WEIGHT_TRANSFORM.forEach(([a = 0, b = 0, c = 0], row) => {
        for (let k = 0; k < 3; k++) half[row * 3 + k] = a * g[k]! + b * g[3 + k]! + c * g[6 + k]!;
      });
      const panel = Math.floor(o / PANEL) * POINTS ** 2;
      for (let row = 0; row < POINTS; row++) {
        WEIGHT_TRANSFORM.forEach(([a = 0, b = 0, c = 0], column) => {
          const point = panel + row * POINTS + column;
          out[(point * inputs + i) * PANEL + (o % PANEL)] =
            a * half[row * 3]! + b * half[row * 3 + 1]! + c * half[row * 3 + 2]!;
        });
      }
    }
  }
  return out;
}
