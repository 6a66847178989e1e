/** @file Eigenvectors: A Z = Z Λ and Z Zᵀ = I to a few roundings, for spectra of every kind. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normals } from "../../../tests/support/seeded.ts";
import { StudioError } from "../errors.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";
import { dot, rowOf } from "./vector.ts";

/** Σ uᵢ uᵢᵀ of `rank` random vectors. */
function sumOfOuterProducts(size: number, rank: number, seed: number): Float64Array {
  const vectors = Float64Array.from(normals(seed, "eigen", rank * size));
  const matrix = new Float64Array(size * size);
  for (let r = 0; r < rank; r++) {
    const u = rowOf(vectors, size, r);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) matrix[i * size + j]! += u[i]! * u[j]!;
  }
  return matrix;
}

/** Both blocks of the diagonal `matrix`: every eigenvalue twice. */
function twice(matrix: Float64Array, size: number): Float64Array {
  const double = new Float64Array(4 * size * size);
  for (let i = 0; i < size; i++) {
    const row = rowOf(matrix, size, i);
    double.set(row, i * 2 * size);
    double.set(row, (i + size) * 2 * size + size);
  }
  return double;
}

/** Largest error of A z = λ z, relative to the largest eigenvalue, and of zᵢ·zⱼ = δᵢⱼ. */
function errors(matrix: Float64Array, size: number): { residual: number; angle: number } {
  const eigen = symmetricEigen(matrix, size);
  const vectors = eigen.vectors(size);
  let [residual, angle] = [0, 0];
  for (let r = 0; r < size; r++) {
    const z = rowOf(vectors, size, r);
    for (let i = 0; i < size; i++) {
      const error = dot(rowOf(matrix, size, i), z) - eigen.values[r]! * z[i]!;
      residual = Math.max(residual, Math.abs(error));
      angle = Math.max(angle, Math.abs(dot(rowOf(vectors, size, i), z) - (i === r ? 1 : 0)));
    }
  }
  const largest = Math.max(...eigen.values.map(Math.abs));
  return { residual: residual / (largest === 0 ? 1 : largest), angle };
}

const diagonal = (values: readonly number[]): Float64Array => {
  const matrix = new Float64Array(values.length ** 2);
  values.forEach((value, i) => (matrix[i * values.length + i] = value));
  return matrix;
};

describe("symmetricEigen", () => {
  it.each<[string, number, Float64Array]>([
    ["one number", 1, Float64Array.of(-3)],
    ["nothing", 5, new Float64Array(25)],
    ["the identity", 40, diagonal(Array<number>(40).fill(1))],
    [
      "a diagonal over 30 orders of magnitude",
      16,
      diagonal([...Array(16).keys()].map((i) => 100 ** -i)),
    ],
    ["numbers too small to square", 12, sumOfOuterProducts(12, 12, 4).map((x) => 1e-180 * x)],
    ["full rank", 64, sumOfOuterProducts(64, 80, 1)],
    ["rank 3", 48, sumOfOuterProducts(48, 3, 2)],
    ["every eigenvalue twice", 60, twice(sumOfOuterProducts(30, 30, 3), 30)],
  ])("of %s", (_, size, matrix) => {
    const { residual, angle } = errors(matrix, size);
    expect(residual).toBeLessThan(1e-13);
    expect(angle).toBeLessThan(1e-11);
  });

  it("of any small matrix, with the largest eigenvalue first", () => {
    const entries = fc.integer({ min: 1, max: 7 }).chain((size) =>
      fc.tuple(
        fc.constant(size),
        fc.array(fc.integer({ min: -4, max: 4 }), {
          minLength: size * size,
          maxLength: size * size,
        }),
      ),
    );
    fc.assert(
      fc.property(entries, ([size, numbers]) => {
        const matrix = Float64Array.from({ length: size * size }, (_, k) => {
          const [i, j] = [Math.floor(k / size), k % size];
          return numbers[Math.max(i, j) * size + Math.min(i, j)]!;
        });
        const { residual, angle } = errors(matrix, size);
        expect(residual).toBeLessThan(1e-13);
        expect(angle).toBeLessThan(1e-9);
        const { values } = symmetricEigen(matrix, size);
        expect([...values]).toEqual([...values].sort((a, b) => b - a));
        const trace = matrix.reduce((sum, x, k) => (k % (size + 1) === 0 ? sum + x : sum), 0);
        expect(Math.abs(values.reduce((sum, x) => sum + x, 0) - trace)).toBeLessThan(1e-12);
      }),
      { seed: 17, numRuns: 300 },
    );
  });

  it("leaves the matrix as it is", () => {
    const matrix = sumOfOuterProducts(9, 9, 5);
    const before = matrix.slice();
    symmetricEigen(matrix, 9).vectors(9);
    expect(matrix).toEqual(before);
  });

  it.each([NaN, Infinity])("refuses %d", (value) => {
    expect(() => symmetricEigen(Float64Array.of(1, 0, 0, 2, 1, 0, 3, value, 1), 3)).toThrow(
      StudioError,
    );
  });
});
