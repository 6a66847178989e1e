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
  const half = new Float64Array(3 * POINTS);
  const points = new Float64Array(POINTS ** 2);
  const apart = inputs * PANEL;
  /** Of eight output channels one after the other, so that what is written lies side by side. */
  for (let index = 0; index < outputs * inputs; index++) {
    const [group, channel] = [Math.floor(index / PANEL), index % PANEL];
    const [panel, i] = [Math.floor(group / inputs), group % inputs];
    const first = ((panel * PANEL + channel) * inputs + i) * 9;
    for (let k = 0; k < 3; k++) {
      const [a, b, c] = [weights[first + k]!, weights[first + 3 + k]!, weights[first + 6 + k]!];
      transformThree(a, b, c, half, k, 3);
    }
    for (let row = 0; row < POINTS; row++) {
      const [a, b, c] = [half[3 * row]!, half[3 * row + 1]!, half[3 * row + 2]!];
      transformThree(a, b, c, points, POINTS * row, 1);
    }
    const at = (panel * POINTS ** 2 * inputs + i) * PANEL + channel;
    for (let point = 0; point < POINTS ** 2; point++) out[at + point * apart] = points[point]!;
  }
  return out;
}

/** G (a, b, c)ᵀ, into `out` from a place on, so many apart: WEIGHT_TRANSFORM, whose rows differ by a sign in twos. */
function transformThree(
  a: number,
  b: number,
  c: number,
  out: Float64Array,
  first: number,
  apart: number,
): void {
  const inner = (-128 / 243) * a - (8 / 27) * c;
  const outer = (32 / 243) * a + (8 / 27) * c;
  out[first] = (64 / 81) * a;
  out[first + apart] = inner - (32 / 81) * b;
  out[first + 2 * apart] = inner + (32 / 81) * b;
  out[first + 3 * apart] = outer + (16 / 81) * b;
  out[first + 4 * apart] = outer - (16 / 81) * b;
  out[first + 5 * apart] = c;
}
